// Starts Swagger UI on Balu's own description; nothing is validated by foreign servers.
window.SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "none",
  validatorUrl: null,
  persistAuthorization: false,
  tryItOutEnabled: true,
  syntaxHighlight: { theme: "agate" },
});
