package org.sgquant.doctor;

import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.regex.Pattern;

/** Failures in words: one sentence, without the names of classes. */
final class Failures {

    private static final Pattern CLASS_NAME = Pattern.compile("\\b(?:[a-z]\\w*\\.)+\\w*(?:Exception|Error)\\b:? ?");

    private Failures() {}

    /** What {@code failure} says, with its causes where they say more. */
    static String sentence(Throwable failure) {
        String text = own(failure);
        Throwable cause = failure.getCause();
        if (cause == null) {
            return text;
        }
        String more = sentence(cause);
        if (text.contains(more) || more.contains(text)) {
            return text.length() > more.length() ? text : more;
        }
        return text + ": " + more;
    }

    private static String own(Throwable failure) {
        String message = failure.getMessage() == null ? "" : failure.getMessage();
        String text = CLASS_NAME
                .matcher(message)
                .replaceAll("")
                .lines()
                .findFirst()
                .orElse("")
                .strip();
        return switch (failure) {
            case NoSuchFileException e -> text + " does not exist";
            case AccessDeniedException e -> text + " may not be used by this user";
            default -> text.isEmpty() ? words(failure.getClass().getSimpleName()) : text;
        };
    }

    /** {@code StackOverflowError} as "stack overflow". */
    private static String words(String className) {
        return className
                .replaceAll("(Exception|Error)$", "")
                .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
                .toLowerCase(Locale.ROOT);
    }
}
