package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchKillTest {

    private static final int TRIALS = 80;
    private static final String REPORT = "finished trial ";
    private static final SyntheticNetwork NETWORK = new SyntheticNetwork(6, 1);

    /** The process that is killed: prints a line for every committed trial. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] args) {
            TrialRunner slow = bits -> {
                try {
                    Thread.sleep(30);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return NETWORK.measure(bits);
            };
            try (Study study = open(Path.of(args[0]))) {
                search(study, slow, (trial, finished, total) -> System.out.println(REPORT + trial.number()));
            }
        }
    }

    @Test
    void aKilledSearchLosesAndRepeatsNoFinishedTrial(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("study.sqlite");
        int reported = killAfter(file, 7) + killAfter(file, 20);
        int kept;
        try (Study study = open(file)) {
            kept = study.trials().size();
            // Two threads: at each kill a trial of either may be committed and not yet printed.
            assertThat(kept).isBetween(reported, reported + 4).isLessThan(TRIALS);
            int[] measured = {0};
            SearchResult resumed = search(study, NETWORK, (trial, finished, total) -> measured[0]++);
            assertThat(measured[0]).isEqualTo(TRIALS - kept);
            assertThat(resumed.trials()).hasSize(TRIALS).isEqualTo(study.trials());
            for (int n = 0; n < TRIALS; n++) {
                assertThat(resumed.trials().get(n).number()).isEqualTo(n);
            }
            try (Study whole = Study.inMemory()) {
                assertThat(resumed).isEqualTo(search(whole, NETWORK, SearchListener.NONE));
            }
        }
    }

    /** Trials reported by a search that was killed after about {@code lines} of them. */
    private static int killAfter(Path file, int lines) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        file.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        int reported = 0;
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(REPORT) && ++reported == lines) {
                    // Not process.destroyForcibly(), which closes the pipe: what was already printed still counts.
                    process.toHandle().destroyForcibly();
                }
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor()).as("killed by signal 9").isEqualTo(128 + 9);
        return reported;
    }

    private static Study open(Path file) {
        return Study.open(file, Map.of("data", "synthetic"));
    }

    private static SearchResult search(Study study, TrialRunner runner, SearchListener listener) {
        return Search.run(
                NETWORK.problem(), new AbsSearch(), runner, study, new SearchSettings(TRIALS, 0, 2), listener);
    }
}
