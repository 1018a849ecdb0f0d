/* In a site that is opened from a folder, links lead to pages too. A server answers the address of a folder with the
   page in it; without one, the page must be named. */
if (location.protocol === "file:") {
  const named = ({ target }) => {
    const link = target.closest?.("a[href]");
    if (link?.protocol === "file:" && link.pathname.endsWith("/")) link.pathname += "index.html";
  };
  for (const kind of ["click", "auxclick", "contextmenu"]) addEventListener(kind, named, true);
}
