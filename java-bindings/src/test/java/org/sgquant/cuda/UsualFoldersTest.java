package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsualFoldersTest {

    @TempDir
    Path root;

    @Test
    void only_folders_that_exist_are_usual_and_the_newest_toolkit_of_the_version_comes_first() throws IOException {
        assertThat(UsualFolders.of(CudaLibrary.CUBLAS, 12, root, Map.of())).isEmpty();
        Path older = folder("usr/local/cuda-12.4/lib64");
        Path newer = folder("usr/local/cuda-12.6/lib64");
        Path other = folder("usr/local/cuda-13.0/lib64");
        Path link = folder("usr/local/cuda/lib64");
        Path distribution = folder("usr/lib/x86_64-linux-gnu");
        assertThat(UsualFolders.of(CudaLibrary.CUBLAS, 12, root, Map.of("CUDA_HOME", "", "VIRTUAL_ENV", "/absent")))
                .containsExactly(link, newer, older, distribution);
        assertThat(UsualFolders.of(CudaLibrary.CUBLAS, 13, root, Map.of())).containsExactly(link, other, distribution);
    }

    @Test
    void the_environment_names_a_toolkit_and_python_packages() throws IOException {
        Path toolkit = folder("toolkit/lib64");
        Path cublas = folder("python/lib/python3.12/site-packages/nvidia/cublas/lib");
        Path cusparse = folder("python/lib/python3.12/site-packages/nvidia/cusparse/lib");
        Path all = folder("python/lib/python3.12/site-packages/nvidia/cu13/lib");
        Path lib = root.resolve("python/lib");
        Map<String, String> environment = Map.of(
                "CUDA_PATH",
                root.resolve("toolkit").toString(),
                "VIRTUAL_ENV",
                root.resolve("python").toString());
        assertThat(UsualFolders.of(CudaLibrary.CUBLAS, 12, root, environment)).containsExactly(toolkit, lib, cublas);
        assertThat(UsualFolders.of(CudaLibrary.CUSPARSE, 12, root, environment))
                .containsExactly(toolkit, lib, cusparse);
        assertThat(UsualFolders.of(CudaLibrary.CUSPARSE, 13, root, environment))
                .containsExactly(toolkit, lib, cusparse, all);
    }

    private Path folder(String path) throws IOException {
        return Files.createDirectories(root.resolve(path));
    }
}
