# Turns the headers' plain comments into doxygen's: the one that opens a file, those before a
# declaration, those behind one, and C's blocks.
1 s|^// SPDX.*|/// \\file|
1 s|^/\* SPDX.*|/** \\file|
s|^( *)// (----.*)|\1|
s|^( *)//( .*)?$|\1///\2|
s|([^ /]) +// |\1 ///< |
s|^( *)/\* (.*\*/)$|\1/** \2|
s|^( *)/\*$|\1/**|
s|([^ ]) +/\* (.*\*/)$|\1 /**< \2|
# In Markdown: links to a section, and to the main page, have other names in doxygen.
s/\[([^]]*)\]\((README\.md|[^)#]*#[^)]*)\)/\1/g
