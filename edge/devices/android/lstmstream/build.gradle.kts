plugins {
    id("com.android.library") version "8.7.3"
    id("org.jetbrains.kotlin.android") version "2.0.21"
}

android {
    namespace = "edge"
    compileSdk = 35

    defaultConfig {
        minSdk = 21
    }

    androidResources {
        noCompress += "tflite" // so that an asset can be mapped into memory
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    kotlinOptions {
        jvmTarget = "11"
    }
}

dependencies {
    // 1.x holds the Interpreter, which runs the fused operator; the CompiledModel of 2.x refuses it.
    api("com.google.ai.edge.litert:litert:1.4.1")
}
