package org.sgquant.data;

/** A dataset name is unknown, or known and nowhere to be found; the message says which, and what to do. */
public final class NoSuchDatasetException extends RuntimeException {

    public NoSuchDatasetException(String message) {
        super(message);
    }
}
