import { createTheme, type MantineColorsTuple } from "@mantine/core";

const harbour: MantineColorsTuple = ["#eaf3fa", "#d3e3f1", "#a6c7e3", "#78aad5", "#5291c9", "#3a81c2", "#2c73b4", "#20629d", "#16568c", "#0a4877"];
// The greys of the dark scheme have the tint of app.css.
const dark: MantineColorsTuple = ["#d5dde4", "#a9b6c1", "#8b99a6", "#66727e", "#3f4a55", "#2c353e", "#222a32", "#1b2127", "#14191e", "#0f1317"];

export const theme = createTheme({
  primaryColor: "harbour",
  colors: { harbour, dark },
  primaryShade: { light: 7, dark: 6 },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  defaultRadius: "sm",
  cursorType: "pointer",
  components: {
    // The head of a dialog is no banner of the page.
    Modal: { defaultProps: { attributes: { header: { role: "presentation" } } } },
  },
});
