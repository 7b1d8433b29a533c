package org.sgquant.kernels;

/** A device that was asked for by name cannot be used; the message says why and what to do. */
public final class DeviceUnavailableException extends RuntimeException {

    public DeviceUnavailableException(String message) {
        super(message);
    }

    public DeviceUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
