package org.sgquant.data;

import java.io.IOException;
import java.nio.file.Path;

/** A file holds something else than it should: {@code "<file>: <place>: got ..., expected ..."}. */
public final class FormatException extends RuntimeException {

    public FormatException(Path file, String place, String problem) {
        super(file + ": " + place + ": " + problem);
    }

    public FormatException(String message) {
        super(message);
    }

    public FormatException(String message, Throwable cause) {
        super(message, cause);
    }

    public FormatException(String file, String place, String got, String expected) {
        super(file + ": " + place + ": got " + got + ", expected " + expected);
    }

    public FormatException(String file, String place, String got, String expected, Throwable cause) {
        super(file + ": " + place + ": got " + got + ", expected " + expected, cause);
    }

    /** The file could not be opened or read to its end. */
    static FormatException unreadable(Path file, String expected, IOException cause) {
        String reason = cause.getClass().getSimpleName().replaceFirst("Exception$", "");
        String detail = cause.getMessage() == null || cause.getMessage().equals(file.toString())
                ? reason
                : reason + " (" + cause.getMessage() + ")";
        return new FormatException(file.toString(), "file", detail, expected, cause);
    }
}
