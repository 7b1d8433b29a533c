package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.tensor.HostMemory;

/** Damaged files give a dataset or a {@link FormatException}, never anything else, and leak nothing. */
final class FuzzTest {

    private static final int ROUNDS = 1000;

    @TempDir
    private Path folder;

    private Dataset open(byte[] npz) {
        Path path = Npy.write(folder.resolve("f.npz"), npz);
        return Dataset.of("f", NpzGraphReader.read(path, DatasetOptions.DEFAULT), DatasetOptions.DEFAULT);
    }

    /** Opens and closes; returns whether the damage was noticed. */
    private static boolean refused(String what, Supplier<Dataset> open) {
        try (Dataset d = open.get()) {
            assertThat(d.numNodes()).isNotNegative();
            return false;
        } catch (FormatException e) {
            assertThat(e.getMessage()).contains(": got ").doesNotContain("\n");
            return true;
        } catch (RuntimeException | Error e) {
            return fail(what + " gave " + e, e);
        }
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        byte[] copy = bytes.clone();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return copy;
    }

    @Test
    void everyTruncationIsRefused() {
        for (Map<String, byte[]> arrays : List.of(Fixtures.csr(), Fixtures.edgeList())) {
            byte[] whole = Npy.zip(arrays, false);
            for (int n = 0; n < whole.length; n++) {
                byte[] part = Arrays.copyOf(whole, n);
                assertThatThrownBy(() -> open(part)).as("%d bytes", n).isInstanceOf(FormatException.class);
            }
        }
    }

    @Test
    void flippedBitsInTheArchiveAreRefusedOrHarmless() {
        long live = HostMemory.liveBytes();
        int refused = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            Map<String, byte[]> arrays = seed % 2 == 0 ? Fixtures.csr() : Fixtures.edgeList();
            byte[] bytes = damaged(Npy.zip(arrays, seed % 4 < 2), new Random(seed));
            refused += refused("seed " + seed, () -> open(bytes)) ? 1 : 0;
        }
        assertThat(refused).isGreaterThan(ROUNDS / 4);
        assertThat(HostMemory.liveBytes()).isEqualTo(live);
    }

    /** Here the checksums are right and only the readers stand between the damage and the dataset. */
    @Test
    void flippedBitsInTheArraysAreRefusedOrHarmless() {
        long live = HostMemory.liveBytes();
        int refused = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            Map<String, byte[]> arrays = seed % 2 == 0 ? Fixtures.csr() : Fixtures.edgeList();
            List<String> names = List.copyOf(arrays.keySet());
            arrays.compute(names.get(random.nextInt(names.size())), (name, bytes) -> damaged(bytes, random));
            byte[] bytes = Npy.zip(arrays, true);
            refused += refused("seed " + seed, () -> open(bytes)) ? 1 : 0;
        }
        assertThat(refused).isGreaterThan(ROUNDS / 4);
        assertThat(HostMemory.liveBytes()).isEqualTo(live);
    }

    @Test
    void damagedPicklesAreRefusedOrHarmless() {
        Map<String, byte[]> whole = PlanetoidReaderTest.parts();
        List<String> names = List.copyOf(whole.keySet());
        PlanetoidReaderTest.write(folder, whole);
        int refused = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            String name = names.get(random.nextInt(names.size()));
            byte[] bytes = whole.get(name);
            Path path = folder.resolve("ind.tiny." + name);
            Npy.write(
                    path, seed % 5 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : damaged(bytes, random));
            refused += refused(
                            "seed " + seed + " in " + name,
                            () -> Dataset.of("tiny", PlanetoidReader.read(folder, "tiny"), DatasetOptions.DEFAULT))
                    ? 1
                    : 0;
            Npy.write(path, bytes);
        }
        assertThat(refused).isGreaterThan(ROUNDS / 4);
    }

    @Test
    void damagedTextIsRefusedOrHarmless() {
        byte[] csv = "src,dst\n0,1\n1,2\n3,4 # end\n".getBytes(StandardCharsets.UTF_8);
        Path edges = folder.resolve("e.csv");
        Path features = Npy.write(folder.resolve("x.npy"), Npy.of("<f4", false, new int[] {6, 5}, Fixtures.features()));
        for (int seed = 0; seed < ROUNDS; seed++) {
            Npy.write(edges, damaged(csv, new Random(seed)));
            GraphFiles files = new GraphFiles(edges, features, null, null);
            refused("seed " + seed, () -> files.open("f", DatasetOptions.DEFAULT));
        }
    }
}
