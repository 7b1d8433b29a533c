package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.cuda.CudaLibrary;
import org.sgquant.cuda.NoexecFolder;
import org.sgquant.cuda.StandInDriver;
import org.sgquant.cuda.StandInLibraries;
import org.sgquant.cuda.testing.OnDevice;

/** The doctor on machines that lack one thing or another: child JVMs with drivers, libraries and folders of their own. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
final class DoctorCommandTest {

    private static final List<String> SECTIONS = List.of(
            "jvm", "cpu", "driver", "devices", "jcuda", "cublas", "cusparse", "kernels", "nd4j", "disk", "data");
    private static final String PLANTED = "libJCudaDriver-12.6.0-linux-x86_64.so";
    private static final String NO_DRIVER = "libcuda.so.1 cannot be loaded (no NVIDIA driver)";
    private static final String NO_DEVICE = "the NVIDIA driver is there, but it sees no device";
    private static final Map<String, String> WITHOUT_DEVICE = Map.of("STANDIN_FAIL", "cuInit=100");

    /** The system's loader looks into it first. */
    @TempDir
    private Path folder;

    @TempDir
    private Path temporary;

    /** Runs a command line whose standard output goes into the file named first, and tells the exit code. */
    static final class Run {
        public static void main(String[] args) throws IOException {
            PrintStream out = System.out;
            int code;
            try (PrintStream file = new PrintStream(args[0], StandardCharsets.UTF_8)) {
                System.setOut(file);
                code = Sgquant.execute(List.of(args).subList(1, args.length).toArray(String[]::new));
            }
            out.println("exit " + code);
        }
    }

    private StandInDriver prepared(StandInDriver machine) {
        return machine.with("-Djava.io.tmpdir=" + temporary);
    }

    private StandInDriver withVectors(StandInDriver machine) {
        return prepared(machine).with("--add-modules=jdk.incubator.vector");
    }

    /** A machine whose libcuda.so.1 is none, whatever the real one has. */
    private StandInDriver withoutDriver() throws IOException {
        Files.writeString(folder.resolve("libcuda.so.1"), "not a library");
        return withVectors(StandInDriver.none(folder));
    }

    private StandInDriver withDriver() throws IOException, InterruptedException {
        return withVectors(StandInDriver.compile(folder));
    }

    private Cli.Result doctor(StandInDriver machine, Map<String, String> environment, String... options)
            throws IOException, InterruptedException {
        Path out = folder.resolve("doctor.txt");
        List<String> arguments = new ArrayList<>(List.of(out.toString(), "doctor"));
        arguments.addAll(List.of(options));
        Map<String, String> all = new HashMap<>(Map.of(
                "XDG_CACHE_HOME", folder.toString(), "SGQUANT_DATA", "", "SGQUANT_CUDA_LIBRARIES", folder.toString()));
        all.putAll(environment);
        String told = machine.finish(machine.startMain("child", Run.class, all, arguments.toArray(String[]::new)));
        assertThat(told).doesNotContain("\tat ");
        int code = Integer.parseInt(told.substring(told.lastIndexOf(' ') + 1));
        return new Cli.Result(code, Files.readString(out), told, 0);
    }

    /** The JSON form, which is whole whatever the machine lacks. */
    private JsonNode json(StandInDriver machine, Map<String, String> environment, int code, String... options)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("--json"));
        all.addAll(List.of(options));
        Cli.Result result = doctor(machine, environment, all.toArray(String[]::new));
        assertThat(result.code()).as(result.toString()).isEqualTo(code);
        JsonNode json = result.json();
        requireForm(json);
        return json;
    }

    private static void requireForm(JsonNode json) {
        assertThat(json.at("/sections").findValuesAsText("name").stream()
                        .filter(SECTIONS::contains)
                        .toList())
                .isEqualTo(SECTIONS);
        for (JsonNode section : json.at("/sections")) {
            assertThat(section.path("ok").isBoolean()).isTrue();
            requireSentence(section.path("reason"), section.path("ok").asBoolean());
        }
        for (JsonNode backend : json.at("/backends")) {
            requireSentence(backend.path("reason"), backend.path("ok").asBoolean());
        }
        requireSentence(json.path("verdict"), false);
        requireSentence(json.path("nextStep"), false);
    }

    private static void requireSentence(JsonNode text, boolean mayBeEmpty) {
        assertThat(text.isTextual()).isTrue();
        assertThat(text.asText().isEmpty() && !mayBeEmpty).isFalse();
        assertThat(text.asText()).doesNotContain("\n", "at org.", "Exception", "Error:");
    }

    private static JsonNode section(JsonNode json, String name) {
        return json.at("/sections/" + SECTIONS.indexOf(name));
    }

    private static List<String> failed(JsonNode json) {
        return SECTIONS.stream()
                .filter(name -> !section(json, name).path("ok").asBoolean())
                .toList();
    }

    @Test
    void without_a_driver_the_cpu_serves() throws Exception {
        JsonNode json = json(withoutDriver(), Map.of(), ExitCode.OK);
        assertThat(failed(json)).containsExactly("driver", "devices", "cublas", "cusparse");
        assertThat(section(json, "driver").path("reason").asText()).isEqualTo(NO_DRIVER);
        assertThat(section(json, "cpu").path("cores").asInt()).isPositive();
        assertThat(section(json, "cpu").path("vectorBits").asInt()).isPositive();
        assertThat(section(json, "cpu").path("memoryFreeBytes").asLong()).isPositive();
        assertThat(section(json, "jvm").path("version").asText())
                .isEqualTo(Runtime.version().toString());
        assertThat(section(json, "jcuda").path("tried").asText()).isEqualTo("JNvPTXCompiler");
        assertThat(section(json, "kernels").path("architectures").size()).isPositive();
        assertThat(json.path("verdict").asText()).isEqualTo("the CPU works, CUDA does not: " + NO_DRIVER);
        assertThat(json.path("nextStep").asText()).contains("install the NVIDIA driver, 525 or later");
        assertThat(json.at("/backends").findValuesAsText("name")).containsExactly("cpu", "cuda", "nd4j");
    }

    @Test
    void what_is_required_decides_the_exit_code() throws Exception {
        StandInDriver machine = withoutDriver();
        json(machine, Map.of(), ExitCode.OK, "--require", "cpu");
        json(machine, Map.of(), ExitCode.UNAVAILABLE, "--require", "cuda");
        json(machine, Map.of(), ExitCode.UNAVAILABLE, "--require", "nd4j");
        Cli.Result unknown = Cli.run("doctor", "--require", "gpu");
        assertThat(unknown.code()).isEqualTo(ExitCode.USAGE);
        assertThat(unknown.err()).contains("--require must be one of cpu, cuda, nd4j, got 'gpu'");
        assertThat(unknown.out()).isEmpty();
    }

    @Test
    void people_read_a_line_per_section_and_at_last_the_next_step() throws Exception {
        Cli.Result result = doctor(withoutDriver(), Map.of());
        List<String> lines = result.out().lines().toList();
        assertThat(lines).hasSize(SECTIONS.size() + 1);
        for (int i = 0; i < SECTIONS.size(); i++) {
            assertThat(lines.get(i)).matches("(ok|--)  " + SECTIONS.get(i) + " {2,}\\S.*");
        }
        assertThat(lines.get(2)).isEqualTo("--  driver    " + NO_DRIVER);
        assertThat(lines.getLast()).startsWith("the CPU works, CUDA does not: ").contains("; next: sgquant run ");
    }

    @Test
    void a_driver_without_a_device_is_told_apart_from_none() throws Exception {
        JsonNode json = json(withDriver(), WITHOUT_DEVICE, ExitCode.OK);
        assertThat(failed(json)).containsExactly("devices", "cublas", "cusparse");
        assertThat(section(json, "driver").path("cudaVersion").asText()).isEqualTo("13.0");
        assertThat(section(json, "driver").path("file").asText())
                .isEqualTo(folder.resolve("libcuda.so.1").toString());
        assertThat(section(json, "devices").path("reason").asText()).isEqualTo(NO_DEVICE);
        assertThat(section(json, "jcuda").path("tried").asText()).isEqualTo("JCudaDriver");
        assertThat(json.path("verdict").asText()).isEqualTo("the CPU works, CUDA does not: " + NO_DEVICE);
        assertThat(json.path("nextStep").asText()).contains("nvidia-smi");
    }

    @Test
    void devices_that_are_hidden_are_a_reason() throws Exception {
        Map<String, String> hidden = new HashMap<>(WITHOUT_DEVICE);
        hidden.put("CUDA_VISIBLE_DEVICES", "7");
        assertThat(section(json(withDriver(), hidden, ExitCode.OK), "devices")
                        .path("reason")
                        .asText())
                .isEqualTo(NO_DEVICE + "; CUDA_VISIBLE_DEVICES=7");
    }

    @Test
    void a_driver_that_fails_is_named() throws Exception {
        JsonNode json =
                json(withDriver(), Map.of("STANDIN_FAIL", "cuInit=999"), ExitCode.UNAVAILABLE, "--require", "cuda");
        assertThat(failed(json)).contains("driver", "devices");
        assertThat(section(json, "driver").path("reason").asText()).isEqualTo("cuInit failed with CUDA error 999");
    }

    @Test
    void a_device_that_another_program_holds_hides_no_other() throws Exception {
        String held = "in exclusive use or full (end the program that holds it: nvidia-smi shows it)";
        // The stand-in runs no kernel: the other device fails, too, but later and otherwise.
        Map<String, String> environment = Map.of("STANDIN_BUSY", "0", "STANDIN_FAIL", "cuCtxSetCurrent=999");
        JsonNode json = json(withDriver(), environment, ExitCode.UNAVAILABLE, "--require", "cuda");
        JsonNode devices = section(json, "devices");
        assertThat(devices.path("ok").asBoolean()).isTrue();
        assertThat(devices.path("reason").asText()).isEqualTo("device 0: " + held);
        assertThat(devices.at("/devices").findValuesAsText("name")).containsExactly("stand-in 0", "stand-in 1");
        assertThat(devices.at("/devices/0/memoryFreeBytes").isNull()).isTrue();
        assertThat(devices.at("/devices/1/memoryFreeBytes").asLong()).isPositive();
        JsonNode kernels = section(json, "kernels");
        assertThat(kernels.at("/devices/0/reason").asText()).isEqualTo(held);
        assertThat(kernels.at("/devices/1/reason").asText()).isNotEmpty().isNotEqualTo(held);
        assertThat(kernels.path("reason").asText()).startsWith("device 0: " + held + "; device 1: ");
        assertThat(json.path("verdict").asText()).isEqualTo("the CPU works, CUDA does not: device 0: " + held);
        assertThat(json.path("nextStep").asText())
                .endsWith("end the program that holds device 0, which nvidia-smi shows");
    }

    @Test
    void the_stub_of_the_toolkit_is_told_from_a_driver() throws Exception {
        JsonNode json = json(withDriver(), Map.of("STANDIN_FAIL", "cuInit=34,cuDriverGetVersion=34"), ExitCode.OK);
        assertThat(section(json, "driver").path("reason").asText())
                .isEqualTo("libcuda.so.1 is the toolkit's stub: take .../stubs out of LD_LIBRARY_PATH");
        assertThat(json.path("nextStep").asText()).endsWith("take " + folder + " out of LD_LIBRARY_PATH");
    }

    @Test
    void libraries_of_cuda_13_serve() throws Exception {
        StandInDriver machine = withDriver();
        for (CudaLibrary library : CudaLibrary.values()) {
            StandInLibraries.compile(machine, library, 13, folder);
        }
        JsonNode json = json(machine, WITHOUT_DEVICE, ExitCode.OK);
        assertThat(failed(json)).containsExactly("devices");
        requireLibrary(json, "cublas", "CUDA 13 through the forwarding library", "libcublas.so.13");
        requireLibrary(json, "cusparse", "the folder of SGQUANT_CUDA_LIBRARIES", "libcusparse.so.12");
    }

    private void requireLibrary(JsonNode json, String name, String origin, String file) {
        assertThat(section(json, name).path("version").asText()).isEqualTo("13.1.2");
        assertThat(section(json, name).path("origin").asText()).isEqualTo(origin);
        assertThat(section(json, name).path("path").asText())
                .isEqualTo(folder.resolve(file).toString());
    }

    @Test
    void each_place_without_a_library_is_told() throws Exception {
        JsonNode cublas = section(json(withoutDriver(), Map.of(), ExitCode.OK), "cublas");
        assertThat(cublas.path("found").asBoolean()).isFalse();
        assertThat(cublas.at("/refused/0/place").asText()).contains(folder.toString());
        assertThat(cublas.at("/refused/0/reason").asText()).contains("libcublas.so.12");
    }

    @Test
    void a_noexec_temporary_folder_is_found_out_without_a_driver() throws Exception {
        JsonNode json = json(NoexecFolder.at(temporary, withoutDriver()), Map.of(), ExitCode.OK);
        assertThat(failed(json)).containsExactly("driver", "devices", "jcuda", "cublas", "cusparse", "disk");
        assertThat(section(json, "disk").path("executes").asBoolean()).isFalse();
        assertThat(section(json, "disk").path("reason").asText())
                .isEqualTo("the temporary folder " + temporary
                        + " lets no program run (mounted noexec), and no native library be loaded");
        assertThat(section(json, "jcuda").path("reason").asText()).contains("noexec");
        assertThat(json.path("verdict").asText()).isEqualTo("the CPU works, CUDA does not: " + NO_DRIVER);
    }

    @Test
    @OnDevice
    void a_noexec_temporary_folder_is_what_keeps_a_device_from_use() throws Exception {
        StandInDriver machine = NoexecFolder.at(temporary, withVectors(StandInDriver.none(folder)));
        JsonNode json = json(machine, deviceEnvironment(), ExitCode.UNAVAILABLE, "--require", "cuda");
        assertThat(failed(json)).contains("jcuda", "kernels", "disk").doesNotContain("driver", "devices");
        assertThat(json.path("verdict").asText())
                .isEqualTo("the CPU works, CUDA does not: "
                        + section(json, "jcuda").path("reason").asText())
                .contains("JCuda's native library ", "noexec");
        assertThat(json.path("nextStep").asText()).endsWith("JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=DIR");
    }

    @Test
    void a_temporary_folder_that_does_not_exist_is_named() throws Exception {
        Path absent = folder.resolve("absent");
        JsonNode json = json(withoutDriver().with("-Djava.io.tmpdir=" + absent), Map.of(), ExitCode.OK);
        assertThat(section(json, "disk").path("reason").asText())
                .isEqualTo("the temporary folder " + absent + " does not exist");
        assertThat(section(json, "jcuda").path("reason").asText()).contains(absent.toString());
    }

    @Test
    void a_planted_file_is_told_and_ignored() throws Exception {
        Files.writeString(temporary.resolve(PLANTED), "foreign");
        JsonNode json = json(withDriver(), WITHOUT_DEVICE, ExitCode.OK);
        assertThat(failed(json)).containsExactly("devices", "cublas", "cusparse");
        requirePlanted(json);
        assertThat(json.path("verdict").asText()).isEqualTo("the CPU works, CUDA does not: " + NO_DEVICE);
    }

    @Test
    @OnDevice
    void a_planted_file_keeps_no_device_from_use() throws Exception {
        Files.writeString(temporary.resolve(PLANTED), "foreign");
        JsonNode json =
                json(withVectors(StandInDriver.none(folder)), deviceEnvironment(), ExitCode.OK, "--require", "cuda");
        requirePlanted(json);
        assertThat(json.path("verdict").asText()).isEqualTo("CPU and CUDA work");
    }

    private void requirePlanted(JsonNode json) throws IOException {
        Path planted = temporary.resolve(PLANTED);
        String owner = Files.getOwner(planted).getName();
        assertThat(section(json, "disk").path("reason").asText())
                .isEqualTo(planted + " of user " + owner + " is ignored: libraries are loaded from a private folder");
        assertThat(section(json, "disk").at("/ignoredFiles/0/owner").asText()).isEqualTo(owner);
        assertThat(planted).hasContent("foreign");
    }

    @Test
    void natives_that_are_not_on_the_class_path_are_named() throws Exception {
        JsonNode json = json(withDriver().withoutJar("jcuda-natives"), WITHOUT_DEVICE, ExitCode.OK);
        assertThat(section(json, "jcuda").path("reason").asText()).contains(" is not on the class path");
        assertThat(section(json, "jcuda").path("origin").isNull()).isTrue();
    }

    @Test
    void denied_native_access_is_told() throws Exception {
        JsonNode json = json(withDriver().withoutNativeAccess(), Map.of(), ExitCode.UNAVAILABLE, "--require", "cuda");
        assertThat(failed(json)).contains("jvm", "driver", "devices", "jcuda").doesNotContain("cpu");
        assertThat(section(json, "jvm").path("reason").asText()).contains("--enable-native-access=ALL-UNNAMED");
        assertThat(json.path("nextStep").asText()).contains("--enable-native-access=ALL-UNNAMED");
    }

    @Test
    void without_the_vector_module_nothing_works() throws Exception {
        Files.writeString(folder.resolve("libcuda.so.1"), "not a library");
        JsonNode json = json(prepared(StandInDriver.none(folder)), Map.of(), ExitCode.UNAVAILABLE);
        assertThat(failed(json)).contains("jvm", "cpu");
        assertThat(json.path("verdict").asText()).startsWith("nothing works: ");
        assertThat(json.path("nextStep").asText()).contains("--add-modules jdk.incubator.vector");
    }

    @Test
    void a_data_folder_that_does_not_exist_is_named() throws Exception {
        Path absent = folder.resolve("graphs");
        JsonNode data = section(json(withoutDriver(), Map.of("SGQUANT_DATA", absent.toString()), ExitCode.OK), "data");
        assertThat(data.path("ok").asBoolean()).isFalse();
        assertThat(data.path("reason").asText()).isEqualTo("SGQUANT_DATA=" + absent + " is not a folder");
    }

    @Test
    void a_data_folder_that_the_locale_cannot_express_fails_its_sections_only() throws Exception {
        JsonNode json = json(withoutDriver(), Map.of("LC_ALL", "C", "SGQUANT_DATA", "/tmp/\u00e4"), ExitCode.OK);
        assertThat(failed(json)).contains("disk", "data").doesNotContain("jvm", "cpu", "jcuda");
        assertThat(section(json, "data").path("reason").asText()).startsWith("this check failed: ");
    }

    @Test
    @OnDevice
    void with_a_device_the_kernels_compute_what_the_reference_does() {
        Cli.Result result = Cli.run("doctor", "--json", "--require", "cuda");
        assertThat(result.code()).as(result.toString()).isEqualTo(ExitCode.OK);
        assertThat(result.leaked()).isZero();
        JsonNode json = result.json();
        requireForm(json);
        assertThat(failed(json)).doesNotContain("jvm", "cpu", "driver", "devices", "jcuda", "kernels");
        JsonNode device = section(json, "devices").at("/devices/0");
        assertThat(device.path("name").asText()).isNotEmpty();
        assertThat(device.path("memoryTotalBytes").asLong())
                .isGreaterThanOrEqualTo(device.path("memoryFreeBytes").asLong());
        assertThat(section(json, "kernels").at("/devices/0/ok").asBoolean()).isTrue();
        assertThat(json.path("verdict").asText()).isEqualTo("CPU and CUDA work");
        assertThat(json.path("nextStep").asText()).isEqualTo("sgquant run --device cuda");
    }

    /** Where this process found its device. */
    private static Map<String, String> deviceEnvironment() {
        return Map.of("LD_LIBRARY_PATH", System.getenv().getOrDefault("LD_LIBRARY_PATH", ""));
    }
}
