package org.sgquant.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** JCuda over CUDA 13's cuBLAS, called through the forwarding library by child JVMs. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class ForwardingTest {

    /** Arguments of every kind of place: six and eight registers and the stack. */
    private static final int INTEGERS = 9;

    private static final int DOUBLES = 11;

    @TempDir
    Path folder;

    /** A product, versions, and what the library lacks. */
    static final class Cublas {
        public static void main(String[] args) {
            CudaLibraries.load(CudaLibrary.CUBLAS);
            cublasHandle handle = new cublasHandle();
            int[] version = new int[1];
            System.out.println(JCublas2.cublasCreate(handle) + " " + JCublas2.cublasGetVersion(handle, version) + " "
                    + version[0]);
            // Columns first: A is 2 by 3 with rows 1 2 3 and 4 5 6; B is transposed, 2 by 3 with rows 7 9 11, 8 10 12.
            MemorySegment a = floats(1, 4, 2, 5, 3, 6);
            MemorySegment b = floats(7, 8, 9, 10, 11, 12);
            MemorySegment c = floats(1, 2, -1, 3, 4, -1);
            int status = JCublas2.cublasSgemm(
                    handle,
                    cublasOperation.CUBLAS_OP_N,
                    cublasOperation.CUBLAS_OP_T,
                    2,
                    2,
                    3,
                    Pointer.to(new float[] {2}),
                    device(a),
                    2,
                    device(b),
                    2,
                    Pointer.to(new float[] {100}),
                    device(c),
                    3);
            System.out.println(status + " " + Arrays.toString(c.toArray(JAVA_FLOAT)));
            System.out.println(
                    cublasStatus.stringFor(JCublas2.cublasDestroy(handle)) + " " + JCublas2.cublasGetStatusString(0));
        }
    }

    /** Calls every function at once from several threads with every kind of argument, then once more. */
    static final class Every {
        private static final int THREADS = 4;

        public static void main(String[] args) throws Exception {
            CudaLibrary library = CudaLibrary.CUBLAS;
            assertThat(CudaLibraries.locate(library).found()).isPresent();
            DynamicLoader.Library forwarding = DynamicLoader.open(library.file());
            List<String> names = Files.readAllLines(Path.of(args[0]));
            CountDownLatch start = new CountDownLatch(THREADS);
            List<Future<Integer>> wrong = new ArrayList<>();
            try (var threads = Executors.newFixedThreadPool(THREADS)) {
                for (int thread = 0; thread < THREADS; thread++) {
                    List<Integer> order = new ArrayList<>();
                    for (int i = 0; i < names.size(); i++) {
                        order.add(i);
                    }
                    Collections.shuffle(order, new Random(thread / 2));
                    Callable<Integer> calls = () -> {
                        List<MethodHandle> functions = new ArrayList<>();
                        for (String name : names) {
                            functions.add(function(forwarding.find(name, library.file())));
                        }
                        start.countDown();
                        start.await();
                        return wrongOnes(functions, order) + wrongOnes(functions, order);
                    };
                    wrong.add(threads.submit(calls));
                }
            }
            int count = 0;
            for (Future<Integer> each : wrong) {
                count += each.get();
            }
            System.out.println(names.size() + " functions, " + count + " wrong");
        }

        private static int wrongOnes(List<MethodHandle> functions, List<Integer> order) throws InterruptedException {
            int wrong = 0;
            for (int index : order) {
                List<Object> arguments = new ArrayList<>();
                long expected = index;
                for (int i = 0; i < INTEGERS; i++) {
                    long value = 7919L * index + i;
                    arguments.add(value);
                    expected = 31 * expected + value;
                }
                for (int i = 0; i < DOUBLES; i++) {
                    double value = 104729.0 * index + i;
                    arguments.add(value);
                    expected = 31 * expected + (long) value;
                }
                try {
                    wrong += (long) functions.get(index).invokeWithArguments(arguments) == expected ? 0 : 1;
                } catch (Throwable e) {
                    throw new IllegalStateException("function " + index + " cannot be called", e);
                }
            }
            return wrong;
        }

        private static MethodHandle function(MemorySegment address) {
            MemoryLayout[] layouts = new MemoryLayout[INTEGERS + DOUBLES];
            Arrays.fill(layouts, 0, INTEGERS, JAVA_LONG);
            Arrays.fill(layouts, INTEGERS, layouts.length, JAVA_DOUBLE);
            return Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(JAVA_LONG, layouts));
        }
    }

    @Test
    void jcublas_multiplies_through_the_forwarding_library() throws Exception {
        StandInDriver children = StandInDriver.none(folder);
        StandInLibraries.compile(children, CudaLibrary.CUBLAS, 13, folder);
        assertThat(children.finish(children.startMain("child", Cublas.class, environment()))
                        .lines())
                .containsExactly(
                        "0 0 130102",
                        // 2 A B + 100 C, by columns; what lies between two columns stays.
                        "0 [216.0, 478.0, -1.0, 428.0, 708.0, -1.0]",
                        "CUBLAS_STATUS_NOT_SUPPORTED not supported by libcublas.so.13");
    }

    @Test
    void every_function_gets_its_arguments_at_its_first_call_from_several_threads() throws Exception {
        CudaLibrary library = CudaLibrary.CUBLAS;
        List<String> names = Files.readAllLines(Path.of("..", "cuda", "forward", "cublas.functions")).stream()
                .filter(name -> !name.startsWith("#") && !name.equals(library.versionFunction()))
                .toList();
        Path list = Files.write(folder.resolve("names"), names);
        StringBuilder source = new StringBuilder(
                "int %s(int part, int *value) { *value = 13; return 0; }\n".formatted(library.versionFunction()));
        for (int i = 0; i < names.size(); i++) {
            source.append(adder(names.get(i), i));
        }
        StandInDriver children = StandInDriver.none(folder);
        StandInLibraries.compile(children, library.file(13), source.toString(), folder, "-O1");
        assertThat(children.lastLine(Every.class, environment(), list.toString()))
                .isEqualTo(names.size() + " functions, 0 wrong");
    }

    /** C of a function that hashes its number and its arguments. */
    private static String adder(String name, int number) {
        StringBuilder parameters = new StringBuilder();
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < INTEGERS + DOUBLES; i++) {
            parameters
                    .append(i == 0 ? "" : ", ")
                    .append(i < INTEGERS ? "long a" : "double a")
                    .append(i);
            body.append(" h = 31 * h + (long)a").append(i).append(';');
        }
        return "long %s(%s) { long h = %d;%s return h; }%n".formatted(name, parameters, number, body);
    }

    private Map<String, String> environment() {
        return Map.of(CudaLibraries.FOLDER_VARIABLE, folder.toString());
    }

    private static MemorySegment floats(float... values) {
        return Arena.global().allocateFrom(JAVA_FLOAT, values);
    }

    /** The stand-ins' device memory is the host's. */
    private static Pointer device(MemorySegment memory) {
        return new Handles.HostPointer(memory);
    }
}
