package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DatasetsTest {

    @TempDir
    private Path folder;

    @Test
    void anUnknownNameIsAnsweredWithTheNearest() {
        Datasets none = new Datasets(List.of(folder));
        assertThatThrownBy(() -> none.open("croa", DatasetOptions.DEFAULT))
                .isInstanceOf(NoSuchDatasetException.class)
                .hasMessageStartingWith("unknown dataset 'croa': did you mean cora")
                .hasMessageContaining("known are synthetic, cora, citeseer, pubmed, amazon-computers, tolokers, actor");
        assertThatThrownBy(() -> none.open("something-else", DatasetOptions.DEFAULT))
                .hasMessageStartingWith("unknown dataset 'something-else': known are ");
    }

    @Test
    void aKnownNameThatIsNowhereSaysWhereItWasSought() {
        Datasets none = new Datasets(List.of(folder));
        assertThatThrownBy(() -> none.open("computers", DatasetOptions.DEFAULT))
                .isInstanceOf(NoSuchDatasetException.class)
                .hasMessage("dataset 'amazon-computers' not found in [" + folder
                        + "] (as amazon_computers/amazon_computers.npz); 'sgquant datasets get amazon-computers'"
                        + " downloads it");
    }

    @Test
    void theFirstFolderThatHasItWins() {
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        Npy.write(second.resolve("cora/cora.npz"), Fixtures.csr());
        Datasets datasets = new Datasets(List.of(first, second));
        assertThat(location(datasets, "cora")).hasValue(second.resolve("cora/cora.npz"));
        Npy.write(first.resolve("cora/raw/ind.cora.graph"), new byte[0]);
        assertThat(location(datasets, "cora")).hasValue(first.resolve("cora/raw"));
        Npy.write(first.resolve("cora/cora.npz"), Fixtures.csr());
        assertThat(location(datasets, "cora")).hasValue(first.resolve("cora/cora.npz"));
        assertThat(location(datasets, "actor")).isEmpty();
    }

    private static Optional<Path> location(Datasets datasets, String name) {
        return datasets.list().stream()
                .filter(info -> info.name().equals(name))
                .findFirst()
                .orElseThrow()
                .location();
    }

    @Test
    void aFileThatIsNotTheNamedSetIsRefused() {
        Path path = Npy.write(folder.resolve("cora/cora.npz"), Fixtures.csr());
        assertThatThrownBy(() -> new Datasets(List.of(folder)).open("cora", DatasetOptions.DEFAULT))
                .isInstanceOf(FormatException.class)
                .hasMessage(path + ": nodes: got 6, expected 2708");
    }

    @Test
    void theSearchPathIsFlagThenVariableThenCache() {
        Path flag = Path.of("flag");
        assertThat(Datasets.searchPath(flag, Map.of("SGQUANT_DATA", "var", "XDG_CACHE_HOME", "xdg")))
                .containsExactly(flag, Path.of("var"), Path.of("xdg", "sgquant"));
        assertThat(Datasets.searchPath(null, Map.of("SGQUANT_DATA", "")))
                .containsExactly(Path.of(System.getProperty("user.home"), ".cache", "sgquant"));
    }

    @Test
    void theDefaultNeedsNoFile() {
        try (Dataset d = new Datasets(List.of()).open("synthetic", DatasetOptions.DEFAULT)) {
            assertThat(d.numNodes()).isEqualTo(2708);
        }
        assertThat(new Datasets(List.of()).list())
                .extracting(DatasetInfo::name)
                .startsWith("synthetic", "synthetic-graphs", "cora");
    }
}
