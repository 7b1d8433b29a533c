package org.sgquant;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Which package may use which: cuda, tensor and kernels below the pipeline, whose packages form no cycle. */
@AnalyzeClasses(packages = "org.sgquant", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    private static final String KERNELS = "org.sgquant.kernels..";
    private static final String TENSOR = "org.sgquant.tensor..";
    private static final String CUDA = "org.sgquant.cuda..";
    private static final String ND4J = "org.sgquant.nd4j..";

    /** Rules about classes that are not there would hold for nothing. */
    @ArchTest
    static void all_modules_are_looked_at(JavaClasses classes) {
        assertThat(classes.contain("org.sgquant.cuda.CudaProbe")).isTrue();
        assertThat(classes.contain("org.sgquant.kernels.Backend")).isTrue();
        assertThat(classes.contain("org.sgquant.cli.Sgquant")).isTrue();
    }

    @ArchTest
    static final ArchRule layers_use_only_those_below = layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("org.sgquant..")
            .layer("cuda")
            .definedBy(CUDA)
            .layer("tensor")
            .definedBy(TENSOR)
            .layer("kernels")
            .definedBy(KERNELS)
            // Here only where the profile nd4j is.
            .optionalLayer("nd4j")
            .definedBy(ND4J)
            .layer("foundation")
            .definedBy("org.sgquant.data..", "org.sgquant.io..")
            .layer("autograd")
            .definedBy("org.sgquant.autograd..")
            .layer("quant")
            .definedBy("org.sgquant.quant..")
            .layer("model")
            .definedBy("org.sgquant.model..")
            .layer("train")
            .definedBy("org.sgquant.train..")
            .layer("search")
            .definedBy("org.sgquant.search..")
            .layer("report")
            .definedBy("org.sgquant.report..")
            .layer("experiment")
            .definedBy("org.sgquant.experiment..")
            .layer("reproduce")
            .definedBy("org.sgquant.reproduce..")
            .layer("doctor")
            .definedBy("org.sgquant.doctor..")
            .layer("cli")
            .definedBy("org.sgquant.cli..")
            .ensureAllClassesAreContainedInArchitecture()
            .whereLayer("cuda")
            .mayOnlyBeAccessedByLayers("kernels", "nd4j", "doctor")
            .whereLayer("cuda")
            .mayNotAccessAnyLayer()
            .whereLayer("tensor")
            .mayNotAccessAnyLayer()
            .whereLayer("kernels")
            .mayOnlyAccessLayers("tensor", "cuda")
            .whereLayer("nd4j")
            .mayOnlyAccessLayers("tensor", "cuda", "kernels")
            .whereLayer("nd4j")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("foundation")
            .mayOnlyAccessLayers("tensor")
            .whereLayer("autograd")
            .mayOnlyAccessLayers("tensor", "kernels")
            .whereLayer("quant")
            .mayOnlyAccessLayers("tensor", "kernels", "foundation")
            .whereLayer("model")
            .mayOnlyAccessLayers("tensor", "kernels", "foundation", "autograd", "quant")
            .whereLayer("train")
            .mayOnlyAccessLayers("tensor", "kernels", "foundation", "autograd", "quant", "model")
            .whereLayer("search")
            .mayOnlyAccessLayers("tensor", "kernels", "foundation")
            .whereLayer("experiment")
            .mayOnlyBeAccessedByLayers("reproduce", "cli")
            .whereLayer("reproduce")
            .mayOnlyBeAccessedByLayers("cli")
            // Facts about the machine lie in every layer below.
            .whereLayer("doctor")
            .mayOnlyAccessLayers("tensor", "cuda", "kernels", "foundation")
            .whereLayer("doctor")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer();

    @ArchTest
    static final ArchRule packages_form_no_cycle =
            slices().matching("org.sgquant.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule only_the_bindings_know_jcuda = noClasses()
            .that()
            .resideOutsideOfPackage(CUDA)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("jcuda..");

    @ArchTest
    static final ArchRule only_its_module_knows_nd4j = noClasses()
            .that()
            .resideOutsideOfPackage(ND4J)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.nd4j..", "org.bytedeco..");

    /** Buffers of java.nio are memory, not files, and therefore allowed. */
    @ArchTest
    static final ArchRule kernels_touch_no_file_and_no_network = noClasses()
            .that()
            .resideInAnyPackage(TENSOR, KERNELS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.io..", "java.nio.file..", "java.nio.channels..", "java.net..");

    @ArchTest
    static final ArchRule only_data_reaches_the_network = noClasses()
            .that()
            .resideOutsideOfPackage("org.sgquant.data..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net.http..", "javax.net..")
            .orShould()
            .dependOnClassesThat()
            .haveNameMatching("java\\.net\\.(Socket|ServerSocket|DatagramSocket|URL|URLConnection|HttpURLConnection)");
}
