package org.sgquant.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.sgquant.experiment.Reports;
import org.sgquant.experiment.SavedModel;
import org.sgquant.experiment.StudyNotes;
import org.sgquant.experiment.Sweeps;
import org.sgquant.report.Json;
import org.sgquant.report.ReportData;
import org.sgquant.report.ReportPage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Studies or a saved model as one HTML page. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = {
            "Show a search or a saved model as one HTML page that needs no network: figures, each with its data as a"
                    + " table, sizes and accuracies, and where they come from.",
            "Several studies are compared; a model may stand beside them."
        })
final class ReportCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "STUDY|MODEL",
            arity = "1..*",
            description = "Files of search --study, or one folder that run or quantize saved with -o.")
    List<Path> sources;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "The page (default: ${DEFAULT-VALUE}).")
    Path output = Path.of("report.html");

    @Option(names = "--sensitivity", paramLabel = "FILE", description = "JSON of a sensitivity sweep to show as well.")
    Path sensitivity;

    @Option(names = "--json", description = "Print one JSON document on standard output: where the page is.")
    boolean json;

    @Override
    public Integer call() {
        ReportOptions.requirePlace("--output", output);
        List<Path> folders = sources.stream().filter(Files::isDirectory).toList();
        if (folders.size() > 1) {
            throw new IllegalArgumentException("report shows one model at a time, got " + folders);
        }
        List<StudyNotes> studies = StudyNotes.read(
                sources.stream().filter(source -> !folders.contains(source)).toList());
        Sweeps sweeps = sensitivity == null ? Sweeps.NONE : Sweeps.read(sensitivity);
        ReportData data = folders.isEmpty()
                ? Reports.of(studies, sweeps)
                : Reports.of(SavedModel.read(folders.getFirst()), studies, sweeps);
        ReportPage.write(output, data, Version.text());
        System.out.println(
                json ? Json.write(Map.of("report", output.toString())) : "report of " + data.title() + ": " + output);
        return ExitCode.OK;
    }
}
