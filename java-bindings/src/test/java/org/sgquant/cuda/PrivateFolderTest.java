package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFolderTest {

    @TempDir
    Path temporary;

    /** Closes a folder while the JVM exits, which deletes it, too. */
    static final class CloseAtExit {
        public static void main(String[] args) throws IOException {
            PrivateFolder folder = PrivateFolder.create();
            Files.writeString(folder.path().resolve("library.so"), "text");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                folder.close();
                System.out.println("closed");
            }));
        }
    }

    @Test
    void a_folder_may_be_closed_while_the_jvm_exits() throws Exception {
        StandInDriver children = StandInDriver.none(temporary).with("-Djava.io.tmpdir=" + temporary);
        assertThat(children.lastLine(CloseAtExit.class, Map.of())).isEqualTo("closed");
        try (var left = Files.list(temporary)) {
            assertThat(left.filter(file -> file.getFileName().toString().startsWith("sgquant-natives-")))
                    .isEmpty();
        }
    }
}
