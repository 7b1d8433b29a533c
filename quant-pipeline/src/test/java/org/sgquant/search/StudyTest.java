package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyTest {

    private static final Map<String, String> FINGERPRINT = Map.of("data", "cora 8f3a", "model", "gcn 2x16");

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("study.sqlite");
    }

    @Test
    void trialsAndHeaderSurviveReopening() {
        List<Trial> trials = List.of(trial(0, 79.25), trial(1, Double.MIN_VALUE), trial(2, 100.0 / 3));
        Map<String, String> header;
        try (Study study = Study.open(file, FINGERPRINT)) {
            study.add(trials.get(2));
            study.add(trials.get(0));
            study.add(trials.get(1));
            header = study.header();
        }
        try (Study study = Study.open(file, FINGERPRINT)) {
            assertThat(study.trials()).isEqualTo(trials);
            assertThat(study.header()).isEqualTo(header).containsAllEntriesOf(FINGERPRINT);
            assertThat(study.header()).containsKeys("study.format", "study.created");
        }
    }

    @Test
    void anotherFingerprintIsRefusedNamingWhatDiffers() {
        Study.open(file, FINGERPRINT).close();
        assertThatThrownBy(() -> Study.open(file, Map.of("data", "cora 8f3a", "model", "gcn 3x16")))
                .isInstanceOf(StudyException.class)
                .hasMessage(file + ": the study belongs to another search: model is 'gcn 2x16' in the study and"
                        + " 'gcn 3x16' now");
        Study.open(file, FINGERPRINT).close();
    }

    @Test
    void aNumberOrAConfigurationIsStoredOnlyOnce() {
        try (Study study = Study.open(file, FINGERPRINT)) {
            Trial first = trial(0, 79);
            study.add(first);
            assertRefused(() -> study.add(first));
            assertRefused(() -> study.add(new Trial(1, 0, first.bits(), first.measurement(), true)));
            assertThat(study.trials()).containsExactly(first);
        }
    }

    @Test
    void aStudyInUseIsRefused() {
        try (Study study = Study.open(file, FINGERPRINT)) {
            study.add(trial(0, 79));
            assertThatThrownBy(() -> Study.open(file, FINGERPRINT))
                    .isInstanceOf(StudyException.class)
                    .hasMessage(file + ": the study cannot be used: another process is using it");
        }
    }

    @Test
    void foldersThatCannotBeWrittenAreRefused() throws IOException {
        Path missing = folder.resolve("no/such/study.sqlite");
        assertThatThrownBy(() -> Study.open(missing, FINGERPRINT))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("is not a folder");
        assertRefused(() -> Study.open(folder, FINGERPRINT));
        Path readOnly = Files.createDirectory(folder.resolve("read-only"));
        assertThat(readOnly.toFile().setWritable(false)).isTrue();
        // The super-user may write anywhere but into a file system of the kernel.
        Path place = Files.isWritable(readOnly) ? Path.of("/proc/self") : readOnly;
        assertRefused(() -> Study.open(place.resolve("study.sqlite"), FINGERPRINT));
        assertThat(readOnly.toFile().setWritable(true)).isTrue();
    }

    @Test
    void anotherFormatIsRefused() throws IOException {
        Files.writeString(file, "number,round,bits\n0,0,8 8 8\n".repeat(100));
        assertThatThrownBy(() -> Study.open(file, FINGERPRINT))
                .isInstanceOf(StudyException.class)
                .hasMessage(file + ": the study cannot be used: it is corrupt or not a study");
    }

    @Test
    void aDamagedFileIsRefusedOrReadsAsItWas() throws IOException {
        List<Trial> trials = new ArrayList<>();
        try (Study study = Study.open(file, FINGERPRINT)) {
            for (int n = 0; n < 40; n++) {
                trials.add(trial(n, 70 + 0.2 * n));
                study.add(trials.getLast());
            }
        }
        byte[] bytes = Files.readAllBytes(file);
        long seed = 20260101;
        SplittableRandom random = new SplittableRandom(seed);
        int refused = 0;
        for (int attempt = 0; attempt < 300; attempt++) {
            byte[] damaged = bytes.clone();
            if (attempt % 10 == 0) {
                damaged = Arrays.copyOf(bytes, random.nextInt(1, bytes.length));
            } else {
                damaged[random.nextInt(attempt % 2 == 0 ? bytes.length : 200)] ^= (byte) (1 << random.nextInt(8));
            }
            Path copy = folder.resolve("damaged" + attempt);
            Files.write(copy, damaged);
            Throwable problem = catchThrowable(() -> {
                try (Study study = Study.open(copy, FINGERPRINT)) {
                    assertThat(study.trials()).isSubsetOf(trials);
                }
            });
            if (problem != null) {
                assertOneSentence(problem, "seed " + seed + ", attempt " + attempt, copy);
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(50);
    }

    private static void assertOneSentence(Throwable problem, String replay, Path file) {
        assertThat(problem).as(replay).isInstanceOf(StudyException.class);
        assertThat(problem.getMessage()).as(replay).startsWith(file + ": ").doesNotContain("\n");
    }

    private static void assertRefused(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(StudyException.class).hasMessageNotContaining("\n");
    }

    private static Trial trial(int number, double accuracy) {
        Measurement measurement = new Measurement(
                accuracy,
                new Cost(1000L + number, 500, number % 2 == 0 ? Double.NaN : 0.0125),
                1L << 40,
                0.125 * number);
        return new Trial(number, number / 20, List.of(1 + number % 8, number, 8), measurement, number % 3 == 0);
    }
}
