package org.sgquant.data;

/** A dataset could not be fetched from its publisher; the message is one sentence that names the address and cause. */
public final class DownloadException extends RuntimeException {

    public DownloadException(String message) {
        super(message);
    }

    public DownloadException(String message, Throwable cause) {
        super(message, cause);
    }
}
