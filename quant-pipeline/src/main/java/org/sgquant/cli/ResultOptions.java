package org.sgquant.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sgquant.report.Json;
import org.sgquant.report.RunReport;
import org.sgquant.report.TextReport;
import picocli.CommandLine.Option;

/** Options of what a measuring command ends with: save, print, judge. */
final class ResultOptions {

    @Option(
            names = "--max-drop",
            paramLabel = "POINTS",
            description =
                    "Exit with 3 if the mean test drop is larger (default: no gate); a search keeps the validation drop"
                            + " within it, too (default: 0.3).")
    private Double maxDrop;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            description = "Save the packed model of the best seed there.")
    private Path output;

    /** Refuses a folder that cannot be written, before anything is trained. */
    void check() {
        if (output == null) {
            return;
        }
        try {
            Files.createDirectories(output);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "--output " + output + ": the folder cannot be made ("
                            + e.getClass().getSimpleName() + ")",
                    e);
        }
        if (!Files.isWritable(output)) {
            throw new UncheckedIOException(
                    "--output " + output + ": the folder is not writable", new IOException("not writable"));
        }
    }

    /** Refuses to save, where there is no form to save in. */
    void checkWithoutModel() {
        if (output != null) {
            throw new IllegalArgumentException(
                    "--output is for models of a single graph; those of whole graphs are not saved");
        }
    }

    /** The largest drop, null where the command line names none. */
    Double maxDrop() {
        return maxDrop;
    }

    boolean savesModel() {
        return output != null;
    }

    /** Saves where asked to, prints the report, and returns the exit code of the accuracy gate. */
    int finish(Pipeline pipeline, boolean json) {
        if (output != null) {
            pipeline.save(output);
        }
        return finish(pipeline.report(), pipeline.testDrop(), json);
    }

    /** Prints the report and returns the exit code of the gate. */
    int finish(RunReport report, double testDrop, boolean json) {
        System.out.println(json ? Json.write(report) : TextReport.of(report));
        if (maxDrop != null && testDrop > maxDrop) {
            System.err.printf(
                    "sgquant: accuracy gate missed: the mean test drop is %.2f points, --max-drop allows %.2f%n",
                    testDrop, maxDrop);
            return ExitCode.GATE_MISSED;
        }
        return ExitCode.OK;
    }
}
