package org.sgquant.cuda;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the system's loader says of a library it refuses, in words that lead on. */
final class LoadFailure {

    private static final Pattern MISSING = Pattern.compile("(\\S+): cannot open shared object file: No such file");
    private static final Pattern WRONG_VERSION = Pattern.compile("version [`'](\\S+)' not found");
    private static final Pattern UNDEFINED = Pattern.compile("undefined symbol: (\\w+)");

    private LoadFailure() {}

    /**
     * Why {@code file} was refused, to follow its name and a colon.
     *
     * @param file a path, or a name that the system's loader looked for
     * @param message the loader's
     */
    static String reason(String file, String message) {
        String name = Path.of(file).getFileName().toString();
        Matcher missing = MISSING.matcher(message);
        if (missing.find()) {
            String needed = Path.of(missing.group(1)).getFileName().toString();
            return needed.equals(name) ? "not found" : "it needs " + needed + ", which is not found";
        }
        if (message.contains("failed to map segment") && !message.contains("allocate memory")) {
            return "its folder lets no program run (mounted noexec): "
                    + Path.of(file).toAbsolutePath().getParent();
        }
        if (Stream.of("invalid ELF header", "file too short", "wrong ELF class", "ELF", "cannot read file data")
                .anyMatch(message::contains)) {
            return "it is damaged or no library of this platform (" + message + ")";
        }
        Matcher version = WRONG_VERSION.matcher(message);
        if (version.find()) {
            return "it needs version " + version.group(1) + " of a library that is there in another one";
        }
        Matcher undefined = UNDEFINED.matcher(message);
        return undefined.find() ? "it needs function " + undefined.group(1) + ", which no library has" : message;
    }
}
