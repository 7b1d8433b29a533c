package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.search.Study;

class CheckpointTest {

    @Test
    void aStudyThatCannotBeReadIsGivenUpInOneSentence(@TempDir Path folder) throws Exception {
        SearchOptions options = new SearchOptions();
        options.study = folder.resolve("s.db");
        Study study = Study.open(options.study, Map.of("data", "synthetic"));
        String said;
        try (Checkpoint checkpoint = new Checkpoint(study, options)) {
            try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + options.study);
                    Statement statement = connection.createStatement()) {
                statement.execute("ALTER TABLE trial RENAME TO lost");
            }
            said = errorOf(checkpoint::keep);
        }
        assertThat(said.strip())
                .startsWith("sgquant: interrupted; " + options.study + ": the study cannot be used: ")
                .hasLineCount(1);
        try (Study left = Study.look(options.study)) {
            assertThat(left.workers()).isEmpty();
        }
    }

    private static String errorOf(Runnable work) {
        PrintStream usual = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            work.run();
        } finally {
            System.setErr(usual);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
