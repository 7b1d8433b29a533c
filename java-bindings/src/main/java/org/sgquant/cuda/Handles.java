package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;

/** JCuda's handles with their addresses laid open, for calls by the foreign function interface. */
final class Handles {

    private Handles() {}

    static final class Context extends CUcontext {
        long address() {
            return getNativePointer();
        }
    }

    static final class Stream extends CUstream {
        long address() {
            return getNativePointer();
        }
    }

    static final class Function extends CUfunction {
        long address() {
            return getNativePointer();
        }
    }

    static final class GraphExec extends CUgraphExec {
        long address() {
            return getNativePointer();
        }
    }

    /** Device memory at any address. */
    static final class DevicePointer extends CUdeviceptr {
        DevicePointer() {}

        DevicePointer(MemorySegment device) {
            super(new CUdeviceptr(), device.address());
        }

        long address() {
            return getNativePointer() + getByteOffset();
        }
    }

    /** Host memory at any address; the segment must be kept alive by the caller. */
    static final class HostPointer extends Pointer {
        HostPointer() {}

        HostPointer(MemorySegment host) {
            super(host.address());
        }

        long address() {
            return getNativePointer();
        }
    }
}
