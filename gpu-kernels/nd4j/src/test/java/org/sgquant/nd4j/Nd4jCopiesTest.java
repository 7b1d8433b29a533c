package org.sgquant.nd4j;

/** The products of nd4j-cuda, by the same calls of ND4J on the CPU. */
class Nd4jCopiesTest extends Nd4jProducts {

    Nd4jCopiesTest() {
        super(copying());
    }

    private static Nd4jCopyingDenseOps copying() {
        Nd4jBackend.load();
        return new Nd4jCopyingDenseOps();
    }
}
