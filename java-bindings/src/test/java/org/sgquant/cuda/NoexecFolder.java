package org.sgquant.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A temporary folder from which no program runs, seen by one child JVM alone. */
final class NoexecFolder {

    private static final String MOUNT = "mount -t tmpfs -o noexec,size=64m none \"$0\"";

    private NoexecFolder() {}

    /** Lets {@code driver}'s children see {@code folder} so; skips loudly where users may not mount. */
    static StandInDriver at(Path folder, StandInDriver driver) throws IOException, InterruptedException {
        Process trial = new ProcessBuilder("sh", "-c", "unshare -rm sh -c '" + MOUNT + "' \"$0\"", folder.toString())
                .redirectErrorStream(true)
                .start();
        String told = new String(trial.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assumeTrue(trial.waitFor() == 0, "##### NO NOEXEC FOLDER: nothing is tested from one ##### " + told.strip());
        return driver.startedBy("unshare", "-rm", "sh", "-c", MOUNT + " && exec \"$@\"", folder.toString());
    }
}
