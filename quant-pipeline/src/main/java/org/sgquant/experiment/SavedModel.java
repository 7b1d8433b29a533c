package org.sgquant.experiment;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.sgquant.data.Dataset;
import org.sgquant.data.DegreeHistogram;
import org.sgquant.data.FormatException;
import org.sgquant.io.Dtype;
import org.sgquant.io.SafeTensors;
import org.sgquant.io.Tensor;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelConfig;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.MemoryReport;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.report.Json;
import org.sgquant.report.ReportData;
import org.sgquant.report.RunReport;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparsePacker;

/**
 * A packed model in a folder: {@code model.safetensors} (packed codes, scales, offsets, fp32 parameters),
 * {@code recipe.yaml}, {@code metrics.json}, {@code provenance.json}, and {@code SHA256SUMS} over all four.
 *
 * <p>Tensors are named {@code CELL.codes.B}, {@code CELL.rowcodes.B} where rows have codes, {@code CELL.scale.B} and
 * {@code CELL.offset.B} for degree bucket B; {@code CELL.top} is the highest level of a weight made of powers of two,
 * {@code CELL.coordinates} (k x F) are those of one made of sums of signs;
 * features in sparse form are {@code CELL.sparse};
 * parameters that stay fp32 go by their own name. Packed features are kept too: they are what the codes of this
 * dataset must be.
 */
public final class SavedModel {

    private static final String TENSORS = "model.safetensors";
    private static final String RECIPE = "recipe.yaml";
    private static final String METRICS = "metrics.json";
    private static final String PROVENANCE = "provenance.json";
    private static final String SUMS = "SHA256SUMS";
    private static final List<String> FILES = List.of(TENSORS, RECIPE, METRICS, PROVENANCE);

    private final Path folder;
    private final Recipe recipe;
    private final RunReport metrics;
    private final Provenance provenance;

    private SavedModel(Path folder) {
        this.folder = folder;
        this.recipe = Json.readYaml(folder.resolve(RECIPE), Recipe.class);
        this.metrics = Json.read(folder.resolve(METRICS), RunReport.class);
        this.provenance = Json.read(folder.resolve(PROVENANCE), Provenance.class);
    }

    /**
     * Where a model or a search comes from; {@code dataSha256} is the fingerprint of the dataset it was trained on. What
     * the first versions did not record may be null.
     *
     * @param cpu name of the processor, empty where the system does not tell
     * @param command the command line that made it
     */
    public record Provenance(
            @JsonProperty(required = true) String sgquant,
            @JsonProperty(required = true) String java,
            @JsonProperty(required = true) String os,
            @JsonProperty(required = true) String created,
            @JsonProperty(required = true) String dataset,
            @JsonProperty(required = true) String dataSha256,
            @JsonProperty(required = true) long seed,
            @JsonInclude(JsonInclude.Include.NON_NULL) String cpu,
            @JsonInclude(JsonInclude.Include.NON_NULL) String command,
            @JsonInclude(JsonInclude.Include.NON_NULL) DegreeHistogram degrees) {}

    /** Writes {@code model}, packed, and its report; the folder is created and its files are replaced. */
    public static void write(
            Path folder, QuantizedModel model, Backend backend, Recipe recipe, RunReport metrics, Provenance where) {
        try (HostMemory host = new HostMemory()) {
            Files.createDirectories(folder);
            Files.deleteIfExists(folder.resolve(SUMS));
            SafeTensors.write(
                    folder.resolve(TENSORS),
                    tensors(model, backend, host),
                    Map.of("format", "sgquant 1", "bits", model.bits().toString()));
            Files.writeString(folder.resolve(RECIPE), Json.writeYaml(recipe));
            Files.writeString(folder.resolve(METRICS), Json.write(metrics));
            Files.writeString(folder.resolve(PROVENANCE), Json.write(where));
            StringBuilder sums = new StringBuilder();
            for (String file : FILES) {
                sums.append(sha256(folder.resolve(file)))
                        .append("  ")
                        .append(file)
                        .append('\n');
            }
            Files.writeString(folder.resolve(SUMS), sums);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": the model cannot be written: " + e.getMessage(), e);
        }
    }

    private static List<Tensor> tensors(QuantizedModel model, Backend backend, HostMemory host) {
        List<Tensor> tensors = new ArrayList<>();
        QuantizedCells cells = model.cells();
        if (cells.features() != null) {
            switch (cells.features().packed()) {
                case PackedMatrix dense -> {
                    addCodes(tensors, dense, backend, host);
                    addRanges(tensors, dense.scheme(), m -> Transfer.download(backend, m));
                }
                case SparsePackedMatrix sparse -> addSparse(tensors, Transfer.download(backend, sparse, host), host);
            }
        }
        cells.weights().values().forEach(w -> addCodes(tensors, w, backend, host));
        cells.schemes().values().forEach(s -> addRanges(tensors, s, m -> Transfer.download(backend, m)));
        cells.tops()
                .forEach((cell, top) ->
                        tensors.add(floats(topName(cell), List.of(1L), Transfer.download(backend, top))));
        cells.coordinates()
                .forEach((cell, a) -> tensors.add(floats(
                        coordinatesName(cell),
                        List.of((long) a.rows(), (long) a.cols()),
                        Transfer.download(backend, a))));
        for (Parameters.Parameter p : model.parameters().list()) {
            if (!isPackedWeight(model.model(), model.bits(), p.spec().name())) {
                float[][] values = Transfer.download(backend, p.value());
                tensors.add(floats(
                        p.spec().name(),
                        List.of((long) p.spec().rows(), (long) p.spec().cols()),
                        values));
            }
        }
        return tensors;
    }

    private static void addCodes(List<Tensor> tensors, PackedMatrix matrix, Backend backend, HostMemory host) {
        for (int b = 0; b < matrix.scheme().blocks().size(); b++) {
            MemorySegment copy = host.allocate(matrix.dataBytes(b));
            backend.download(matrix.data(b), copy, matrix.dataBytes(b));
            tensors.add(new Tensor(
                    codesName(matrix.scheme(), b),
                    Dtype.U8,
                    List.of((long) matrix.scheme().blocks().get(b).rows(), (long) matrix.stride(b)),
                    copy.asSlice(0, matrix.dataBytes(b))));
            long rows = matrix.rowCodes(b).byteSize();
            if (rows > 0) {
                MemorySegment rowCodes = host.allocate(rows);
                backend.download(matrix.rowCodes(b), rowCodes, rows);
                tensors.add(new Tensor(
                        rowCodesName(matrix.scheme(), b), Dtype.U8, List.of(rows), rowCodes.asSlice(0, rows)));
            }
        }
    }

    private static String rowCodesName(QuantScheme scheme, int block) {
        return scheme.name() + ".rowcodes." + block;
    }

    private static String topName(Cell weight) {
        return weight + ".top";
    }

    private static String coordinatesName(Cell weight) {
        return weight + ".coordinates";
    }

    private static String codesName(QuantScheme scheme, int block) {
        return scheme.name() + ".codes." + block;
    }

    /** All bytes of the sparse form; its ranges beside them where other data are to be quantized with them. */
    private static void addSparse(List<Tensor> tensors, SparsePackedMatrix matrix, HostMemory host) {
        tensors.add(new Tensor(
                sparseName(matrix),
                Dtype.U8,
                List.of(matrix.storedBytes()),
                matrix.data().asSlice(0, matrix.storedBytes())));
        if (matrix.granularity() != Granularity.ROW) {
            addRanges(tensors, SparsePacker.decode(matrix, host).scheme(), FloatMatrix::toArray);
        }
    }

    private static String sparseName(SparsePackedMatrix matrix) {
        return matrix.name() + ".sparse";
    }

    private static void addRanges(List<Tensor> tensors, QuantScheme scheme, Function<FloatMatrix, float[][]> read) {
        for (int b = 0; b < scheme.blocks().size(); b++) {
            QuantScheme.Block block = scheme.blocks().get(b);
            float[][] scale = read.apply(block.params().scale());
            float[][] offset = read.apply(block.params().offset());
            tensors.add(floats(scheme.name() + ".scale." + b, List.of((long) scale[0].length), scale));
            tensors.add(floats(scheme.name() + ".offset." + b, List.of((long) offset[0].length), offset));
        }
    }

    private static Tensor floats(String name, List<Long> shape, float[][] rows) {
        int cols = rows.length == 0 ? 0 : rows[0].length;
        MemorySegment data = Arena.ofAuto().allocate(Math.max(1, 4L * rows.length * cols), 4);
        for (int r = 0; r < rows.length; r++) {
            MemorySegment.copy(rows[r], 0, data, ValueLayout.JAVA_FLOAT, 4L * r * cols, cols);
        }
        return new Tensor(name, Dtype.F32, shape, data.asSlice(0, 4L * rows.length * cols));
    }

    /** Reads the folder and checks every file against {@code SHA256SUMS}. */
    public static SavedModel read(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new FormatException(folder, "model", "there is no such folder");
        }
        if (!Files.exists(folder.resolve(SUMS))) {
            throw new FormatException(
                    folder + ": this is neither a saved model, which has a " + SUMS + ", nor a study, which is a file");
        }
        Map<String, String> sums = new TreeMap<>();
        try {
            for (String line : Files.readString(folder.resolve(SUMS), StandardCharsets.ISO_8859_1)
                    .lines()
                    .toList()) {
                String[] parts = line.split("  ", 2);
                sums.put(parts.length == 2 ? parts[1] : line, parts[0]);
            }
            for (String file : FILES) {
                String got = sha256(folder.resolve(file));
                if (!got.equals(sums.get(file))) {
                    throw new FormatException(
                            folder.resolve(file),
                            "SHA-256",
                            "got " + got + ", expected " + sums.get(file) + ": the file or " + SUMS + " is damaged");
                }
            }
        } catch (IOException e) {
            throw new FormatException(folder, "model", "cannot be read: " + e.getMessage());
        }
        return new SavedModel(folder);
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    public Recipe recipe() {
        return recipe;
    }

    public RunReport metrics() {
        return metrics;
    }

    public Provenance provenance() {
        return provenance;
    }

    /** Ranges of every packed cell that were kept, by name: of features with a range per row none is. */
    public List<ReportData.Range> ranges() {
        BitAssignment bits = bits();
        List<ReportData.Range> ranges = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            SafeTensors saved = SafeTensors.read(folder.resolve(TENSORS), arena);
            for (Cell cell : cells()) {
                List<BitWidth> widths = bits.widths(cell);
                for (int b = 0; b < widths.size(); b++) {
                    String scale = cell + ".scale." + b;
                    if (widths.get(b).isInteger()
                            && saved.tensors().stream().anyMatch(t -> t.name().equals(scale))) {
                        ranges.add(range(
                                cell,
                                widths.size() == 1 ? -1 : b,
                                widths.get(b).bits(),
                                saved.tensor(scale),
                                saved.tensor(cell + ".offset." + b)));
                    }
                }
            }
        }
        return ranges;
    }

    private ReportData.Range range(Cell cell, int bucket, int bits, Tensor scales, Tensor offsets) {
        int n = Math.toIntExact(scales.data().byteSize() / Float.BYTES);
        float[] scale = floats(scales, folder.resolve(TENSORS), 1, n)[0];
        float[] offset = floats(offsets, folder.resolve(TENSORS), 1, n)[0];
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            min = Math.min(min, offset[i]);
            max = Math.max(max, Math.fma((double) scale[i], (1 << bits) - 1, offset[i]));
            least = Math.min(least, scale[i]);
            most = Math.max(most, scale[i]);
        }
        return new ReportData.Range(cell.toString(), bucket, bits, n, min, max, least, most);
    }

    /** Cells that the model has or that its bits name, in order: a layer that aggregates first has no message. */
    public List<Cell> cells() {
        Stream<String> named = Stream.of(recipe.bits().split("[\\s=]")).filter(word -> word.contains("."));
        return Stream.concat(metrics.memory().cells().stream().map(MemoryReport.CellBytes::cell), named)
                .map(Cell::parse)
                .distinct()
                .sorted()
                .toList();
    }

    /** Widths of the cells, without a look at the graph: the saved text is the canonical one. */
    public BitAssignment bits() {
        return BitAssignment.parse(recipe.bits(), cells(), new int[0]);
    }

    /** The model for the sizes of {@code data}, with as many classes as it was trained for. */
    public Model model(Dataset data) {
        try (Arena arena = Arena.ofConfined()) {
            return model(data, SafeTensors.read(folder.resolve(TENSORS), arena));
        }
    }

    private Model model(Dataset data, SafeTensors tensors) {
        Tensor first = tensors.tensors().stream()
                .filter(t -> t.name().equals("L1.weight") || t.name().equals("L1.weight.codes.0"))
                .findFirst()
                .orElseThrow(() -> new FormatException(folder.resolve(TENSORS), "header", "there is no L1.weight"));
        if (first.shape().get(0) != data.features().cols()) {
            throw new FormatException(
                    data.name(),
                    "features",
                    data.features().cols() + " columns",
                    first.shape().get(0) + ", as the model in " + folder + " was trained on");
        }
        ModelConfig config = recipe.model().config();
        List<Long> bias = tensors.tensor(config.outputBias()).shape();
        return config.create(ModelSizes.of(data, Math.toIntExact(bias.get(bias.size() - 1))));
    }

    /**
     * The model on {@code input}, packed and ready: weights and ranges as saved, features packed from {@code input}.
     *
     * <p>{@code input} must be relabelled by the buckets of {@code bits}. On the dataset it was trained on, the
     * packed features must equal the saved ones.
     */
    public QuantizedModel load(GraphInput input, BitAssignment bits, Backend backend) {
        Path file = folder.resolve(TENSORS);
        try (Arena arena = Arena.ofConfined()) {
            SafeTensors saved = SafeTensors.read(file, arena);
            Model model = model(input.dataset(), saved);
            QuantizedModel loaded;
            try (Parameters parameters = new Parameters(model.parameters(), backend)) {
                for (int i = 0; i < parameters.list().size(); i++) {
                    Parameters.Spec spec = parameters.list().get(i).spec();
                    if (!isPackedWeight(model, bits, spec.name())) {
                        parameters.set(i, floats(saved.tensor(spec.name()), file, spec.rows(), spec.cols()));
                    }
                }
                loaded = new QuantizedModel(
                        model,
                        input,
                        parameters,
                        bits,
                        recipe.quantConfig(),
                        scheme -> restoreFeatureRanges(scheme, saved, file),
                        backend);
            }
            try {
                loaded.cells().schemes().values().forEach(s -> restoreRanges(s, saved, file, backend));
                loaded.cells()
                        .tops()
                        .forEach((cell, top) ->
                                Transfer.copy(backend, floats(saved.tensor(topName(cell)), file, 1, 1), top));
                loaded.cells()
                        .coordinates()
                        .forEach((cell, a) -> Transfer.copy(
                                backend, floats(saved.tensor(coordinatesName(cell)), file, a.rows(), a.cols()), a));
                requireSavedFeatures(loaded, saved, file, backend);
                loaded.pack((cell, codes) -> restoreCodes(codes, saved, file, backend));
                return loaded;
            } catch (RuntimeException e) {
                loaded.close();
                throw e;
            }
        }
    }

    private static boolean isPackedWeight(Model model, BitAssignment bits, String name) {
        return model.cellNames().stream()
                .anyMatch(c -> c.component().isWeight() && c.toString().equals(name) && !bits.isFp32(c));
    }

    /** Ranges of whole columns or buckets are the model's; a range per row belongs to the data at hand. */
    private static boolean restoreFeatureRanges(QuantScheme scheme, SafeTensors saved, Path file) {
        if (scheme.granularity() == Granularity.ROW) {
            return false;
        }
        for (int b = 0; b < scheme.blocks().size(); b++) {
            FloatMatrix scale = scheme.blocks().get(b).params().scale();
            FloatMatrix offset = scheme.blocks().get(b).params().offset();
            scale.setRow(0, floats(saved.tensor(scheme.name() + ".scale." + b), file, 1, scale.cols())[0]);
            offset.setRow(0, floats(saved.tensor(scheme.name() + ".offset." + b), file, 1, scale.cols())[0]);
        }
        return true;
    }

    /** On the data of training, the features just packed must be those that were saved. */
    private void requireSavedFeatures(QuantizedModel loaded, SafeTensors saved, Path file, Backend backend) {
        QuantizedCells cells = loaded.cells();
        // The fingerprint belongs to the dataset's own order; a relabelled one is checked by codesSha256.
        boolean sameData =
                provenance.dataSha256().equals(loaded.input().dataset().fingerprint());
        if (cells.features() == null || !sameData) {
            return;
        }
        switch (cells.features().packed()) {
            case PackedMatrix dense -> requireSavedCodes(dense, saved, file, backend);
            case SparsePackedMatrix sparse -> {
                try (HostMemory host = new HostMemory()) {
                    SparsePackedMatrix copy = Transfer.download(backend, sparse, host);
                    requireSaved(copy.data().asSlice(0, copy.storedBytes()), saved.tensor(sparseName(copy)), file);
                }
            }
        }
    }

    private static void requireSavedCodes(PackedMatrix packed, SafeTensors saved, Path file, Backend backend) {
        try (HostMemory host = new HostMemory()) {
            for (int b = 0; b < packed.scheme().blocks().size(); b++) {
                MemorySegment codes = host.allocate(packed.dataBytes(b));
                backend.download(packed.data(b), codes, packed.dataBytes(b));
                requireSaved(codes.asSlice(0, packed.dataBytes(b)), saved.tensor(codesName(packed.scheme(), b)), file);
                long rows = packed.rowCodes(b).byteSize();
                if (rows > 0) {
                    MemorySegment rowCodes = host.allocate(rows);
                    backend.download(packed.rowCodes(b), rowCodes, rows);
                    requireSaved(rowCodes.asSlice(0, rows), saved.tensor(rowCodesName(packed.scheme(), b)), file);
                }
            }
        }
    }

    private static void requireSaved(MemorySegment codes, Tensor tensor, Path file) {
        if (tensor.data().mismatch(codes) != -1) {
            throw new FormatException(file, tensor.name(), "the dataset's features give other codes");
        }
    }

    private static void restoreRanges(QuantScheme scheme, SafeTensors saved, Path file, Backend backend) {
        for (int b = 0; b < scheme.blocks().size(); b++) {
            QuantScheme.Block block = scheme.blocks().get(b);
            int n = block.params().scale().cols();
            Transfer.copy(
                    backend,
                    floats(saved.tensor(scheme.name() + ".scale." + b), file, 1, n),
                    block.params().scale());
            Transfer.copy(
                    backend,
                    floats(saved.tensor(scheme.name() + ".offset." + b), file, 1, n),
                    block.params().offset());
        }
    }

    private static void restoreCodes(PackedMatrix target, SafeTensors saved, Path file, Backend backend) {
        for (int b = 0; b < target.scheme().blocks().size(); b++) {
            Tensor codes = saved.tensor(codesName(target.scheme(), b));
            restoreCodes(codes, target.data(b).asSlice(0, target.dataBytes(b)), file, backend);
            if (target.rowCodes(b).byteSize() > 0) {
                Tensor rowCodes = saved.tensor(rowCodesName(target.scheme(), b));
                restoreCodes(rowCodes, target.rowCodes(b), file, backend);
            }
        }
    }

    private static void restoreCodes(Tensor tensor, MemorySegment target, Path file, Backend backend) {
        if (tensor.data().byteSize() != target.byteSize()) {
            throw new FormatException(
                    file,
                    tensor.name(),
                    "got " + tensor.data().byteSize() + " bytes of codes, expected " + target.byteSize());
        }
        try (HostMemory host = new HostMemory()) {
            MemorySegment copy = host.allocate(target.byteSize());
            MemorySegment.copy(tensor.data(), 0, copy, 0, target.byteSize());
            backend.upload(copy, target, target.byteSize());
        }
    }

    private static float[][] floats(Tensor tensor, Path file, int rows, int cols) {
        if (tensor.dtype() != Dtype.F32 || tensor.data().byteSize() != 4L * rows * cols) {
            throw new FormatException(
                    file,
                    tensor.name(),
                    "got " + tensor.dtype() + " of shape " + tensor.shape() + ", expected F32 of " + rows + " x "
                            + cols);
        }
        float[][] values = new float[rows][cols];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                values[r][c] = tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * ((long) r * cols + c));
            }
        }
        return values;
    }
}
