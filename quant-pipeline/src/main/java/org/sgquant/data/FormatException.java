package org.sgquant.data;

import java.nio.file.Path;

/** A file that is not what it claims to be; the message is one sentence: file, place in it, problem. */
public final class FormatException extends RuntimeException {

    public FormatException(Path file, String place, String problem) {
        this(file + ": " + place + ": " + problem);
    }

    public FormatException(String message) {
        super(message);
    }
}
