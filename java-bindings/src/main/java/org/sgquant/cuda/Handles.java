package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;

/** JCuda's handles with their addresses laid open, for calls by the foreign function interface. */
final class Handles {

    private static final VarHandle ADDRESS = addressField();

    private Handles() {}

    private static VarHandle addressField() {
        try {
            return MethodHandles.privateLookupIn(NativePointerObject.class, MethodHandles.lookup())
                    .findVarHandle(NativePointerObject.class, "nativePointer", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /**
     * {@code view}, from now on of the same object as {@code handle}: in C a descriptor is one of constant content too,
     * JCuda has unrelated classes for the two and asks for the latter even to destroy the former.
     */
    static <T extends NativePointerObject> T as(NativePointerObject handle, T view) {
        ADDRESS.set(view, (long) ADDRESS.get(handle));
        return view;
    }

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
