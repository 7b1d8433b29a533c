package org.sgquant.kernels;

/** A device has too little free memory; the message says what was asked for, what is free, and what holds the rest. */
public final class OutOfDeviceMemoryException extends RuntimeException {

    public OutOfDeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
