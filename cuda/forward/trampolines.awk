# Writes the assembler of the forwarding library: an entry for each function of a list, which jumps to where
# sgq_functions says, and a first call that lets sgq_resolve (resolve.c) fill that in.
#
#   awk -f trampolines.awk cublas.functions
#
# Nothing is known of the functions but their names, so a first call keeps all that may hold an argument: the integer
# and vector registers of the System V calling convention (and rax, the number of vector registers of a variadic one);
# arguments on the stack are not touched.

BEGIN {
  print "  .text"
}

/^[^#]/ {
  names[count++] = $1
  printf "  .globl %s\n  .type %s, @function\n", $1, $1
  printf "%s:\n  movq sgq_functions+%d(%%rip), %%r11\n  testq %%r11, %%r11\n  je 1f\n  jmp *%%r11\n", $1, 8 * (count - 1)
  printf "1:\n  movl $%d, %%r11d\n  jmp first_call\n  .size %s, .-%s\n", count - 1, $1, $1
}

END {
  registers = split("rbp rdi rsi rdx rcx r8 r9 rax r10", integer, " ")
  # The return address and 9 registers: the stack is aligned to 16 bytes again.
  print "first_call:"
  for (i = 1; i <= registers; i++) printf "  pushq %%%s\n", integer[i]
  print "  subq $128, %rsp"
  for (i = 0; i < 8; i++) printf "  movups %%xmm%d, %d(%%rsp)\n", i, 16 * i
  print "  movl %r11d, %edi\n  call sgq_resolve\n  movq %rax, %r11"
  for (i = 0; i < 8; i++) printf "  movups %d(%%rsp), %%xmm%d\n", 16 * i, i
  print "  addq $128, %rsp"
  for (i = registers; i > 0; i--) printf "  popq %%%s\n", integer[i]
  print "  jmp *%r11"

  # Offsets instead of pointers: nothing to relocate.
  print "  .section .rodata\n  .balign 4\n  .globl sgq_names, sgq_texts\n  .hidden sgq_names, sgq_texts\nsgq_names:"
  for (i = 0; i < count; i++) printf "  .long name_%d-sgq_names\n", i
  for (i = 0; i < count; i++) printf "name_%d: .asciz \"%s\"\n", i, names[i]
  # Those that return a text instead of a status.
  print "sgq_texts:"
  for (i = 0; i < count; i++) printf "  .byte %d\n", names[i] ~ /(Name|String)$/
  printf "  .bss\n  .balign 8\n  .globl sgq_functions\n  .hidden sgq_functions\nsgq_functions:\n  .zero %d\n", 8 * count
  print "  .section .note.GNU-stack, \"\", @progbits"
}
