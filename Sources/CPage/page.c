#include "CPage.h"

/* The compiler reads the files as they are: as literals of Swift they would take it a quarter of a minute. */
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char index_html[] = {
#embed "files/index.html"
};
static const unsigned char docs_html[] = {
#embed "files/docs.html"
};
static const unsigned char page_css[] = {
#embed "files/page.css"
};
static const unsigned char core_js[] = {
#embed "files/core.js"
};
static const unsigned char csv_js[] = {
#embed "files/csv.js"
};
static const unsigned char chart_js[] = {
#embed "files/chart.js"
};
static const unsigned char table_js[] = {
#embed "files/table.js"
};
static const unsigned char ranking_js[] = {
#embed "files/ranking.js"
};
static const unsigned char row_js[] = {
#embed "files/row.js"
};
static const unsigned char views_js[] = {
#embed "files/views.js"
};
static const unsigned char start_js[] = {
#embed "files/start.js"
};
static const unsigned char docs_js[] = {
#embed "files/docs.js"
};

#define FILE_OF(name, bytes) {name, bytes, sizeof bytes}
static const struct cpage_file files[] = {
    FILE_OF("index.html", index_html), FILE_OF("docs.html", docs_html), FILE_OF("page.css", page_css),
    FILE_OF("core.js", core_js),       FILE_OF("csv.js", csv_js),       FILE_OF("chart.js", chart_js),
    FILE_OF("table.js", table_js),     FILE_OF("ranking.js", ranking_js), FILE_OF("row.js", row_js),
    FILE_OF("views.js", views_js),     FILE_OF("start.js", start_js),   FILE_OF("docs.js", docs_js),
};

const struct cpage_file *cpage_files(size_t *count)
{
    *count = sizeof files / sizeof *files;
    return files;
}
