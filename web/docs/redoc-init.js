// Starts Redoc in Balu's colours.
const ink = "#f1eee8";
const quiet = "#bdb6aa";
const ground = "#141311";
const card = "#1d1b18";
const accent = "#5cc6d4";
window.Redoc.init(
  "/api/openapi.json",
  {
    disableSearch: true, // its index is built by a worker from a blob: address
    hideDownloadButton: false,
    nativeScrollbars: true,
    pathInMiddlePanel: true,
    theme: {
      colors: {
        primary: { main: accent },
        text: { primary: ink, secondary: quiet },
        border: { dark: "#3b372f", light: "#3b372f" },
        http: { get: "#74d190", post: accent, put: "#f0b849", delete: "#ff9187", patch: "#b8a2ff" },
        responses: {
          success: { color: "#74d190", backgroundColor: card, tabTextColor: "#74d190" },
          error: { color: "#ff9187", backgroundColor: card, tabTextColor: "#ff9187" },
        },
      },
      typography: {
        fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
        headings: { fontFamily: "inherit", fontWeight: "600" },
        code: { color: accent, backgroundColor: card, fontFamily: "ui-monospace, monospace" },
        links: { color: accent },
      },
      schema: { nestedBackground: card, typeNameColor: quiet, typeTitleColor: quiet, linesColor: "#3b372f" },
      sidebar: { backgroundColor: card, textColor: ink, activeTextColor: accent },
      rightPanel: { backgroundColor: "#11100e", textColor: ink },
      codeBlock: { backgroundColor: card },
      fab: { backgroundColor: card, color: accent },
    },
  },
  document.getElementById("reference"),
);
