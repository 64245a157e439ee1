/** Device nodes of graphics processors: NVIDIA's, those of the kernel's own drivers, AMD's, and WSL's. */
export const gpuNodes: readonly string[] = [
  ...Array.from({ length: 16 }, (_, index) => `/dev/nvidia${index}`),
  ...["ctl", "-uvm", "-uvm-tools", "-modeset", "-caps"].map((end) => `/dev/nvidia${end}`),
  "/dev/dri",
  "/dev/kfd",
  "/dev/dxg",
];
