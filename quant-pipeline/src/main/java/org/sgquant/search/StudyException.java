package org.sgquant.search;

/** A study that cannot be used; the message is one sentence naming the file and the reason. */
public final class StudyException extends RuntimeException {

    public StudyException(String message) {
        super(message);
    }

    public StudyException(String message, Throwable cause) {
        super(message, cause);
    }
}
