//! What the kernel language does not have is refused at its token, with what to write instead.

#[test]
fn outside_the_language() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
