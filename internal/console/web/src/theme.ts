import { createTheme, type MantineColorsTuple } from "@mantine/core";

const harbour: MantineColorsTuple = ["#eaf3fa", "#d3e3f1", "#a6c7e3", "#78aad5", "#5291c9", "#3a81c2", "#2c73b4", "#20629d", "#16568c", "#0a4877"];

export const theme = createTheme({
  primaryColor: "harbour",
  colors: { harbour },
  primaryShade: { light: 7, dark: 6 },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  defaultRadius: "sm",
  cursorType: "pointer",
});
