package org.sgquant.cli;

import java.nio.file.Path;
import org.sgquant.report.Json;
import org.sgquant.report.RunReport;
import org.sgquant.report.TextReport;

/** What every measuring command ends with: save, print, judge. */
final class Finish {

    private Finish() {}

    /** Saves to {@code output} unless null, prints the report, and returns the exit code of the accuracy gate. */
    static int report(Pipeline pipeline, CommonOptions common, Path output, double maxDrop) {
        if (output != null) {
            pipeline.save(output);
        }
        RunReport report = pipeline.report();
        System.out.println(common.json ? Json.write(report) : TextReport.of(report));
        if (pipeline.testDrop() > maxDrop) {
            System.err.printf(
                    "sgquant: accuracy gate missed: the mean test drop is %.2f points, --max-drop allows %.2f%n",
                    pipeline.testDrop(), maxDrop);
            return ExitCode.GATE_MISSED;
        }
        return ExitCode.OK;
    }
}
