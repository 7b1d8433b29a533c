package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.data.FormatException;
import org.sgquant.experiment.Reports;
import org.sgquant.experiment.SavedModel;
import org.sgquant.experiment.StudyNotes;
import org.sgquant.experiment.Sweeps;
import org.sgquant.search.Study;
import org.sgquant.tensor.BitWidth;

/** {@code sgquant report} and {@code --report}: what studies and models hold is on the page; wrong input is one sentence. */
final class ReportCommandTest {

    @TempDir
    private static Path folder;

    private static Path study;
    private static Path model;
    private static Path direct;

    @BeforeAll
    static void search() throws IOException {
        study = folder.resolve("abs.db");
        model = folder.resolve("model");
        direct = folder.resolve("direct.html");
        List<String> graph = Cli.graph(folder.resolve("graph"));
        Cli.Result result = Cli.run(Cli.args(
                "run",
                join(graph, Cli.SHORT),
                "--seeds",
                "2",
                "--trials",
                "9",
                "--trial-epochs",
                "2",
                "--quartiles",
                "--no-compare",
                "--study",
                study.toString(),
                "-o",
                model.toString(),
                "--report",
                direct.toString(),
                "-q"));
        assertThat(result.code()).as(result.toString()).isZero();
    }

    private static List<String> join(List<String> a, List<String> b) {
        return java.util.stream.Stream.concat(a.stream(), b.stream()).toList();
    }

    private static String report(String... more) throws IOException {
        Path page = folder.resolve("page.html");
        Cli.Result result = Cli.run(Cli.args("report", List.of(more), "-o", page.toString()));
        assertThat(result.code()).as(result.toString()).isZero();
        return Files.readString(page);
    }

    /** Rows of the table that belongs to a figure. */
    private static int rows(String page, String figure) {
        String from = page.substring(page.indexOf("<section id=\"" + figure + "\">"));
        return from.substring(0, from.indexOf("</section>")).split("<tr", -1).length - 2;
    }

    @Test
    void aStudyHoldsAllThatItsPageShows() throws IOException {
        String page = report(study.toString());
        assertThat(rows(page, "pareto")).isEqualTo(9);
        assertThat(page).contains("mean and standard deviation of 2 seeds", "--trial-epochs 2", "@deg(");
        assertThat(rows(page, "degrees")).isPositive();
        assertThat(rows(page, "bits")).isPositive();
        assertThat(page).contains("Ranges belong to a saved model");
        assertThat(Files.readString(direct)).contains("Accuracy against size");
        assertThat(rows(Files.readString(direct), "pareto")).isEqualTo(9);
    }

    @Test
    void aModelShowsItsRangesAndSensitivity() throws IOException {
        Path sweeps = folder.resolve("sweeps.json");
        Files.writeString(
                sweeps,
                "{\"x\":1,\"dataset\":\""
                        + StudyNotes.read(List.of(study)).getFirst().fp32().dataset()
                        + "\",\"model\":\"gcn\",\"cells\":[{\"cell\":\"L1.weight\",\"bits\":2,\"onlyThisDrop\":1.25,\"more\":0}]}");
        String page = report(model.toString(), study.toString(), "--sensitivity", sweeps.toString());
        assertThat(rows(page, "ranges")).isGreaterThanOrEqualTo(3);
        assertThat(rows(page, "sensitivity")).isEqualTo(1);
        assertThat(rows(page, "pareto")).isEqualTo(9);
        assertThat(page).contains("<tr class=\"chosen\">");
    }

    private static void refused(int code, String message, String... args) {
        SavedModelCommandsTest.refused(Cli.run(Cli.args("report", List.of(args))), code, message);
    }

    @Test
    void whatIsNoStudyIsRefusedInOneSentence() throws IOException {
        String page = folder.resolve("refused.html").toString();
        refused(
                ExitCode.BAD_INPUT,
                "there is no such study",
                folder.resolve("absent.db").toString(),
                "-o",
                page);
        Path text = Files.writeString(
                folder.resolve("notes.txt"), "no study, only words that fill a little file\n".repeat(50));
        refused(ExitCode.BAD_INPUT, "notes.txt", text.toString(), "-o", page);
        refused(
                ExitCode.BAD_INPUT,
                "SHA256SUMS",
                Files.createDirectories(folder.resolve("none")).toString(),
                "-o",
                page);
        Path empty = folder.resolve("empty.db");
        Study.open(empty, Map.of()).close();
        refused(ExitCode.BAD_INPUT, "no trial of the study has ended", empty.toString(), "-o", page);
        refused(
                ExitCode.BAD_INPUT,
                "cells",
                study.toString(),
                "-o",
                page,
                "--sensitivity",
                Files.writeString(folder.resolve("other.json"), "{}").toString());
        assertThat(Path.of(page)).doesNotExist();
    }

    @Test
    void studiesOfEqualNamesAreToldApartAndThoseOfOtherThingsRefused() throws IOException {
        Path twin = folder.resolve("abs.sqlite");
        Files.copy(study, twin);
        String page = report(study.toString(), twin.toString());
        assertThat(rows(page, "pareto")).isEqualTo(18);
        assertThat(page).contains("abs (" + study + ")").contains("abs (" + twin + ")");
        refused(ExitCode.USAGE, "a study is given twice", study.toString(), study.toString());
        Path link = Files.createSymbolicLink(folder.resolve("link.db"), study);
        refused(ExitCode.USAGE, "a study is given twice", study.toString(), link.toString());

        StudyNotes notes = StudyNotes.read(List.of(study)).getFirst();
        assertThatThrownBy(() -> Reports.of(List.of(notes, with(notes, "search.objective", "drop")), Sweeps.NONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("of different objectives: make a page of each");
        assertThatThrownBy(() -> Reports.of(List.of(notes, with(notes, "data", "another")), Sweeps.NONE))
                .hasMessageContaining("of different data");
        assertThatThrownBy(() -> Reports.of(List.of(notes, with(notes, "search.bounds", "drop 9.0")), Sweeps.NONE))
                .hasMessageContaining("of different bounds");
        StudyNotes other = with(notes, "computer", "another");
        assertThat(Reports.of(List.of(notes, other), Sweeps.NONE)).isNotNull();
        StudyNotes timed = with(notes, "search.objective", "latency");
        StudyNotes timedOther = with(other, "search.objective", "latency");
        assertThatThrownBy(() -> Reports.of(List.of(timed, timedOther), Sweeps.NONE))
                .hasMessageContaining("of different computers");
        assertThatThrownBy(
                        () -> Reports.of(SavedModel.read(model), List.of(with(notes, "data", "another")), Sweeps.NONE))
                .hasMessageContaining("of other data than the model");
    }

    private static Sweeps sweeps(String dataset, String data, Map<String, Object> settings, String cell) {
        return new Sweeps(
                List.of(new Sweeps.Cell(cell, BitWidth.Q2, 1.0, null)), dataset, "gcn", data, settings, "sweeps.json");
    }

    /** What a sweep or a study is of, and what the page is of, both in one sentence. */
    @Test
    void partsOfOtherThingsAreRefused() {
        StudyNotes notes = StudyNotes.read(List.of(study)).getFirst();
        SavedModel saved = SavedModel.read(model);
        String dataset = notes.fp32().dataset();
        String data = notes.header().get("data");
        Sweeps fits = sweeps(dataset, data, Map.of("hidden", 16), "L2.message[3]");
        assertThat(Reports.of(List.of(notes), fits).sensitivity()).hasSize(1);
        assertThat(Reports.of(saved, List.of(notes), fits).sensitivity()).hasSize(1);
        Map<Sweeps, String> wrong = Map.of(
                sweeps("citeseer", null, null, "L1.weight"),
                "sweeps.json: is of another dataset than %s: got citeseer, expected " + dataset,
                sweeps(dataset, "0123", null, "L1.weight"),
                "sweeps.json: is of other data than %s: got fingerprint 0123, expected " + data,
                sweeps(dataset, data, Map.of("hidden", 32), "L1.weight"),
                "sweeps.json: is of another model than %s: got hidden 32, expected hidden 16",
                sweeps(dataset, data, Map.of("name", "gat"), "L1.weight"),
                "sweeps.json: is of another model than %s: got name gat, expected name gcn",
                sweeps(dataset, null, null, "L3.weight"),
                "sweeps.json: is of another model than %s: got cell L3.weight, expected L1.embedding");
        wrong.forEach((sweeps, sentence) -> {
            assertThatThrownBy(() -> Reports.of(List.of(notes), sweeps))
                    .isInstanceOf(FormatException.class)
                    .hasMessageStartingWith(sentence.formatted("study abs"));
            assertThatThrownBy(() -> Reports.of(saved, List.of(), sweeps))
                    .hasMessageStartingWith(sentence.formatted("the model"));
        });
        String recipe = notes.header().get("recipe").replace("hidden: 16", "hidden: 32");
        assertThatThrownBy(() -> Reports.of(saved, List.of(with(notes, "recipe", recipe)), Sweeps.NONE))
                .isInstanceOf(FormatException.class)
                .hasMessage("study other: is of another model than the model: got hidden 32, expected hidden 16");
        String seed = notes.header().get("recipe").replace("seed: 0", "seed: 7").replace("rounding: n", "rounding: f");
        assertThat(Reports.of(saved, List.of(with(notes, "recipe", seed)), Sweeps.NONE))
                .isNotNull();
    }

    /** The clock counts preparation where it was noted in every study of the page. */
    @Test
    void theClockBeginsWithThePreparation() {
        StudyNotes notes = StudyNotes.read(List.of(study)).getFirst();
        Instant began = Instant.parse(notes.header().get("search.began"));
        StudyNotes early = with(notes, "search.began", began.minusSeconds(100).toString());
        double first = Reports.of(List.of(notes), Sweeps.NONE)
                .search()
                .trials()
                .getFirst()
                .endedAfter();
        var counted = Reports.of(List.of(early), Sweeps.NONE).search();
        assertThat(counted.clock()).contains("preparation included");
        assertThat(counted.trials().getFirst().endedAfter()).isCloseTo(first + 100, within(1e-6));
        StudyNotes old = with(notes, "search.began", null);
        var mixed = Reports.of(List.of(early, old), Sweeps.NONE).search();
        assertThat(mixed.clock()).isEqualTo("seconds since the first trial began");
        assertThat(mixed.trials()).allMatch(trial -> trial.endedAfter() < 100);
    }

    /** A version alone does not tell which code it was. */
    @Test
    void theBuildIsNamed() throws IOException {
        StudyNotes notes = StudyNotes.read(List.of(study)).getFirst();
        assertThat(report(study.toString())).contains("<td>" + Version.code() + "</td>");
        assertThat(Files.readString(direct)).contains("<td>" + Version.code() + "</td>");
        Map<String, String> rows = Reports.of(List.of(with(notes, "code", "0.1 beef")), Sweeps.NONE)
                .environment();
        assertThat(rows.get("search other")).endsWith(", sgquant 0.1 beef");
        assertThat(Reports.of(List.of(notes), Sweeps.NONE).environment().get("search abs"))
                .doesNotContain("sgquant");
    }

    private static StudyNotes with(StudyNotes notes, String key, String value) {
        Map<String, String> header = new HashMap<>(notes.header());
        header.put(key, value);
        return new StudyNotes(
                "other",
                header,
                notes.entries(),
                notes.provenance(),
                notes.fp32(),
                notes.space(),
                notes.memory(),
                notes.run(),
                notes.best());
    }

    /** What bounds a search of the least drop is what its trials are shown by. */
    @Test
    void boundedInnerBytesAreThoseOnThePage() {
        StudyNotes drop = with(StudyNotes.read(List.of(study)).getFirst(), "search.objective", "drop");
        StudyNotes bounded = with(drop, "search.bounds", "inner bytes 61440");
        var all = Reports.of(List.of(drop), Sweeps.NONE).search();
        var inner = Reports.of(List.of(bounded), Sweeps.NONE).search();
        assertThat(all.costName()).isEqualTo("size of all cells, features dense");
        assertThat(inner.costName()).isEqualTo("size without the features");
        for (int n = 0; n < all.trials().size(); n++) {
            var cost = drop.entries().get(n).trial().measurement().cost();
            assertThat(all.trials().get(n).cost()).isEqualTo((double) cost.bytes());
            assertThat(inner.trials().get(n).cost()).isEqualTo((double) cost.innerBytes());
        }
    }

    @Test
    void anUnwritablePageIsRefusedBeforeTheWork() {
        refused(ExitCode.BAD_INPUT, "there is no folder", study.toString(), "-o", folder + "/absent/r.html");
        refused(ExitCode.BAD_INPUT, "it is a folder", study.toString(), "-o", folder.toString());
        refused(ExitCode.USAGE, "one model at a time", model.toString(), folder.toString());
        refused(
                ExitCode.BAD_INPUT,
                "there is no such sensitivity file",
                study.toString(),
                "-o",
                folder + "/none.html",
                "--sensitivity",
                folder + "/absent.json");
    }

    /** Only a page gives way to a page. */
    @Test
    void nothingButAPageIsReplaced() throws IOException {
        Path kept = Files.copy(study, folder.resolve("kept.db"));
        Path link = Files.createSymbolicLink(folder.resolve("kept.html"), kept);
        Path sweeps = Files.writeString(folder.resolve("kept.json"), "{\"cells\":[]}");
        byte[] before = Files.readAllBytes(kept);
        for (Path target : List.of(kept, link, folder.resolve("../" + folder.getFileName() + "/kept.db"))) {
            refused(ExitCode.BAD_INPUT, "is no HTML page", kept.toString(), "-o", target.toString());
            refused(ExitCode.BAD_INPUT, "is no HTML page", study.toString(), "-o", target.toString());
        }
        refused(
                ExitCode.BAD_INPUT,
                "is no HTML page",
                study.toString(),
                "-o",
                sweeps.toString(),
                "--sensitivity",
                sweeps.toString());
        refused(ExitCode.BAD_INPUT, "is no HTML page", model.toString(), "-o", model + "/recipe.yaml");
        assertThat(Files.readAllBytes(kept)).isEqualTo(before);
        assertThat(sweeps).hasContent("{\"cells\":[]}");

        Path page = Files.createFile(folder.resolve("twice.html"));
        for (int n = 0; n < 2; n++) {
            assertThat(Cli.run("report", study.toString(), "-o", page.toString())
                            .code())
                    .isZero();
        }
        assertThat(Files.readString(page)).startsWith("<!DOCTYPE html>");
    }

    /** Before anything is trained, and whether the study is there or not. */
    @Test
    void aComputingCommandWritesNoPageOverItsStudy() throws IOException {
        Path here = Files.createDirectories(folder.resolve("here"));
        Path there = Files.createSymbolicLink(folder.resolve("there"), here);
        List<String> graph = Cli.graph(folder.resolve("graph"));
        Path fresh = here.resolve("fresh.db");
        for (String command : List.of("search", "run")) {
            for (Path target : List.of(fresh, there.resolve("fresh.db"))) {
                SavedModelCommandsTest.refused(
                        Cli.run(Cli.args(command, graph, "--study", fresh.toString(), "--report", target.toString())),
                        ExitCode.BAD_INPUT,
                        "it is the file of --study");
            }
        }
        assertThat(fresh).doesNotExist();
        Path dangling = Files.createSymbolicLink(here.resolve("page.html"), fresh);
        for (String command : List.of("search", "run", "quantize")) {
            SavedModelCommandsTest.refused(
                    Cli.run(Cli.args(command, graph, "--report", dangling.toString())),
                    ExitCode.BAD_INPUT,
                    "it is a link to nothing");
            SavedModelCommandsTest.refused(
                    Cli.run(Cli.args(command, graph, "--report", study.toString())),
                    ExitCode.BAD_INPUT,
                    "is no HTML page");
        }
    }
}
