package org.sgquant.cuda;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.sgquant.cuda.testing.OnDevice;

/** A device for each test, with a stream, memory on it and memory of the host. */
@OnDevice
abstract class OnOpenDevice {

    CudaDevice device;
    CudaStream stream;
    DeviceMemory memory;
    Arena arena;

    @BeforeEach
    void open() {
        device = CudaDevice.open(0);
        stream = device.newStream();
        memory = device.newMemory("test");
        arena = Arena.ofConfined();
    }

    @AfterEach
    void close() {
        arena.close();
        memory.close();
        stream.close();
        device.close();
    }
}
