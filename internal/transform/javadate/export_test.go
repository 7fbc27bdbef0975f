package javadate

// CompileAt lets tests choose the moment that years of two digits depend on.
var CompileAt = compileAt
