# Holds what ptxas -v says of every kernel to kernels.list:
# awk -v arch=sm_90 -f check-resources.awk kernels.list ptxas.txt
FNR == NR {
  if ($0 !~ /^#/ && NF > 0) limit[$1] = $4
  next
}
/Compiling entry function/ { split($0, quoted, "'"); kernel = quoted[2] }
/bytes stack frame/ && kernel != "" {
  match($0, /[0-9]+ bytes spill stores/)
  stores = substr($0, RSTART) + 0
  match($0, /[0-9]+ bytes spill loads/)
  loads = substr($0, RSTART) + 0
  if (stores + loads > 0) fail(kernel " spills " stores " bytes, expected none")
}
/Used [0-9]+ registers/ && kernel != "" {
  match($0, /Used [0-9]+/)
  used = substr($0, RSTART + 5) + 0
  if (!(kernel in limit)) fail(kernel " is not in kernels.list")
  else if (used > limit[kernel]) fail(kernel " uses " used " registers, kernels.list allows " limit[kernel])
  seen[kernel] = 1
  kernel = ""
}
END {
  for (k in limit) if (!(k in seen)) fail(k " of kernels.list is exported by no source")
  if (failures > 0) exit 1
  print length(seen) " kernels keep to their registers and spill nothing (" arch ")"
}
function fail(text) { print "kernel check, " arch ": " text > "/dev/stderr"; failures++ }
