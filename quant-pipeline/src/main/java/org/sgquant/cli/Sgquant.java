package org.sgquant.cli;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.sgquant.data.DownloadException;
import org.sgquant.data.FormatException;
import org.sgquant.data.NearNames;
import org.sgquant.data.NoSuchDatasetException;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.OutOfDeviceMemoryException;
import org.sgquant.search.StudyException;
import org.sgquant.train.DivergedException;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code sgquant} command. */
@Command(
        name = "sgquant",
        versionProvider = Version.class,
        mixinStandardHelpOptions = true,
        description = "Quantizes graph neural networks for real: packed bits, integer aggregation, measured bytes.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExamples:%n",
        footer = {
            "  sgquant run                             train, search bits, fine-tune, pack: generated graph",
            "  sgquant run --dataset cora --seeds 10   the same on Cora, mean of 10 seeds",
            "  sgquant quantize -d cora --bits 'L1.embedding=1 message=4 L2.embedding=4 weight=4' -o m",
            "  sgquant eval m                          accuracy and codes of a saved model",
            "  sgquant reproduce all-tensors           a whole table of results; continues where it was stopped",
            "  sgquant predict m -o predictions.csv    a class for every node",
            "  sgquant report study.db -o report.html  a search or a saved model as a page to look at",
            "  sgquant doctor                          what of this machine can be used, and what to do about the rest",
            "%nExit codes: 0 ok, 1 failed, 2 usage, 3 accuracy gate missed or no trial of a search within its bounds,",
            "4 device or library absent, 5 bad input, 130 interrupted (143 by SIGTERM), what had ended is kept."
        },
        subcommands = {
            RunCommand.class,
            TrainCommand.class,
            QuantizeCommand.class,
            SearchCommand.class,
            WatchCommand.class,
            SensitivityCommand.class,
            RegretCommand.class,
            CompareCommand.class,
            ReproduceCommand.class,
            ReportCommand.class,
            RecipesCommand.class,
            EvalCommand.class,
            PredictCommand.class,
            DatasetsCommand.class,
            DoctorCommand.class,
            AutoComplete.GenerateCompletion.class,
            CommandLine.HelpCommand.class
        })
public final class Sgquant implements Runnable {

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    /** Runs a command line and exits with its code. */
    public static void main(String[] args) {
        System.exit(execute(args));
    }

    /** Runs a command line; returns the exit code. */
    public static int execute(String... args) {
        try {
            return commandLine().execute(args);
        } catch (OutOfMemoryError e) {
            System.err.println("sgquant: out of memory (" + e.getMessage()
                    + "): take a smaller model or graph, or fewer --threads");
            return ExitCode.FAILED;
        }
    }

    /** The whole command line that {@code spec} is a command of. */
    static List<String> arguments(CommandLine.Model.CommandSpec spec) {
        return spec.root().commandLine().getParseResult().originalArgs();
    }

    static CommandLine commandLine() {
        CommandLine all = new CommandLine(new Sgquant());
        ExtraCommand.all().forEach(all::addSubcommand);
        if (!all.getSubcommands().containsKey(AbsentBenchCommand.NAME)) {
            all.addSubcommand(new AbsentBenchCommand());
        }
        return all.setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .setParameterExceptionHandler((e, words) -> reportUsage(e))
                .setExecutionExceptionHandler((e, line, result) -> report(e, line));
    }

    /** One sentence instead of the whole help page, which would hide it. */
    private static int reportUsage(CommandLine.ParameterException e) {
        CommandLine line = e.getCommandLine();
        line.getErr()
                .println("sgquant: " + e.getMessage() + nearNames(e) + "; see '"
                        + line.getCommandSpec().qualifiedName() + " --help'");
        return ExitCode.USAGE;
    }

    /** Options or commands that an unknown word may have been meant for. */
    private static String nearNames(CommandLine.ParameterException e) {
        if (!(e instanceof CommandLine.UnmatchedArgumentException unmatched)
                || unmatched.getUnmatched().isEmpty()) {
            return "";
        }
        CommandLine line = e.getCommandLine();
        Stream<String> options = line.getCommandSpec().options().stream()
                .filter(option -> !option.hidden())
                .map(CommandLine.Model.OptionSpec::longestName);
        List<String> names =
                Stream.concat(options, line.getSubcommands().keySet().stream()).toList();
        String question = NearNames.question(unmatched.getUnmatched().getFirst().split("=", 2)[0], names, "");
        return question.isEmpty() ? "" : ": " + question;
    }

    private static int report(Exception e, CommandLine line) {
        int code = exitCode(e);
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        line.getErr().println("sgquant: " + message);
        if (!isExplained(e)) {
            // A failure that no input or device explains is a defect: its trace is what a report needs.
            e.printStackTrace(line.getErr());
        }
        return code;
    }

    private static boolean isExplained(Exception e) {
        return exitCode(e) != ExitCode.FAILED
                || e instanceof OutOfDeviceMemoryException
                || e instanceof DownloadException
                || e instanceof DivergedException
                || e instanceof UncheckedIOException;
    }

    private static int exitCode(Exception e) {
        return switch (e) {
            case FormatException f -> ExitCode.BAD_INPUT;
            case NonFiniteException f -> ExitCode.BAD_INPUT;
            case StudyException f -> ExitCode.BAD_INPUT;
            case NoSuchDatasetException f -> ExitCode.USAGE;
            case IllegalArgumentException f -> ExitCode.USAGE;
            case DeviceUnavailableException f -> ExitCode.UNAVAILABLE;
            case CancellationException f -> ExitCode.INTERRUPTED;
            default -> ExitCode.FAILED;
        };
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "name a command, such as 'sgquant run'");
    }
}
