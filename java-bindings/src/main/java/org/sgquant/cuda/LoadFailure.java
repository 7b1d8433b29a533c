package org.sgquant.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the system's loader says of a library it refuses, in words that lead on. */
final class LoadFailure {

    private static final Pattern MISSING = Pattern.compile("(\\S+): cannot open shared object file: No such file");
    private static final Pattern WRONG_VERSION = Pattern.compile("version [`'](\\S+)' not found");
    private static final Pattern UNDEFINED = Pattern.compile("undefined symbol: (\\w+)");

    private static final Pattern OTHER_FILE = Pattern.compile("(/\\S+): (.*)");
    private static final List<String> NOT_A_LIBRARY =
            List.of("invalid ELF header", "file too short", "wrong ELF class", "ELF file", "cannot read file data");

    private LoadFailure() {}

    /**
     * Why {@code file} was refused, to follow its name and a colon.
     *
     * @param file a path, or a name that the system's loader looked for
     * @param message the loader's
     */
    static String reason(String file, String message) {
        Path path = Path.of(file);
        Matcher missing = MISSING.matcher(message);
        if (missing.find()) {
            Path needed = Path.of(missing.group(1)).getFileName();
            return needed.equals(path.getFileName()) ? "no " + needed : "it needs " + needed + ", which is not found";
        }
        if (message.contains("failed to map segment") && !message.contains("allocate memory")) {
            return notExecutable(path);
        }
        if (NOT_A_LIBRARY.stream().anyMatch(message::contains)) {
            String detail = message;
            while (detail.startsWith(file + ": ")) {
                detail = detail.substring(file.length() + 2);
            }
            Matcher other = OTHER_FILE.matcher(detail);
            return other.matches()
                    ? "it needs " + Path.of(other.group(1)).getFileName() + ", which " + damaged(other.group(2))
                    : "it " + damaged(detail);
        }
        Matcher version = WRONG_VERSION.matcher(message);
        if (version.find()) {
            return "it needs version " + version.group(1) + " of a library that is there in another one";
        }
        Matcher undefined = UNDEFINED.matcher(message);
        return undefined.find() ? "it needs function " + undefined.group(1) + ", which no library has" : message;
    }

    private static String damaged(String detail) {
        return "is damaged or no library of this platform (" + detail + ")";
    }

    private static String notExecutable(Path path) {
        String temporary = System.getProperty(PrivateFolder.TEMPORARY_FOLDER);
        return path.startsWith(temporary)
                ? "the temporary folder " + temporary
                        + " lets no program run (mounted noexec): name another by -Djava.io.tmpdir=FOLDER"
                : "its folder lets no program run (mounted noexec)";
    }
}
