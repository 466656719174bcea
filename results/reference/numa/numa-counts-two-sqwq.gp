# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws numa-counts-two-sqwq.svg, .png and .pdf from numa-counts-two-sqwq.dat: gnuplot numa-counts-two-sqwq.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" numa-counts-two-sqwq.gp
set encoding utf8
if (!exists('kinds')) kinds = 'svg png pdf'
if (!exists('dark')) dark = 0
paper = dark ? '#15181c' : '#ffffff'
quiet = dark ? '#a8adb4' : '#505050'
grid = dark ? '#30353b' : '#e4e4e4'
frame = dark ? '#8a9098' : '#707070'
ink = dark ? '#e8eaed' : '#1a1a1a'
c1 = dark ? '#ffffff' : '#000000'
c2 = dark ? '#f0ad1f' : '#e69f00'
c3 = dark ? '#8fd3ff' : '#56b4e9'
c4 = dark ? '#1fc596' : '#009e73'
c5 = dark ? '#f0e442' : '#f0e442'
c6 = dark ? '#4393e6' : '#0072b2'
c7 = dark ? '#f07a28' : '#d55e00'
c8 = dark ? '#dd92bb' : '#cc79a7'
do for [kind in kinds] {
    if (kind eq 'svg') { set terminal svg noenhanced size 560,494 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,988 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,6.8611 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'numa-counts-two-sqwq'.(dark ? '-dark.' : '.').kind
    reset
    set multiplot
    set style line 1 linecolor rgb ink pointtype 6 dashtype 1 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'sqwq, topology two (emulated: counts only)' at screen 0.02143, screen 0.95167 left font 'sans-serif,19' textcolor rgb ink
    set label 'I/Os by the node that ran them, a panel a placement' at screen 0.02143, screen 0.91308 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'default' at screen 0.11271, screen 0.86336 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.23917, screen 0.63765 center font 'sans-serif,15' textcolor rgb ink
    set label 'local' at screen 0.40848, screen 0.86336 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.53493, screen 0.63765 center font 'sans-serif,15' textcolor rgb ink
    set label 'none' at screen 0.70424, screen 0.86336 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.83069, screen 0.63765 center font 'sans-serif,15' textcolor rgb ink
    set label 'interleave' at screen 0.11271, screen 0.62146 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.23917, screen 0.39575 center font 'sans-serif,15' textcolor rgb ink
    set label 'device' at screen 0.40848, screen 0.62146 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.53493, screen 0.39575 center font 'sans-serif,15' textcolor rgb ink
    set label 'node:0' at screen 0.70424, screen 0.62146 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.83069, screen 0.39575 center font 'sans-serif,15' textcolor rgb ink
    set label 'node:1' at screen 0.11271, screen 0.37955 left font 'sans-serif,15' textcolor rgb ink
    set label 'ran on node' at screen 0.23917, screen 0.15385 center font 'sans-serif,15' textcolor rgb ink
    set label 'Rows: where the submitter runs. The darker, the greater the share of a row''s I/Os.' at screen 0.02143, screen 0.09603 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Linux 6.1.0-56-cloud-amd64, emulated by tcg. Node 0: CPUs 0,1, 384 MB; node 1:' at screen 0.02143, screen 0.06693 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'CPUs 2,3, 384 MB. Distances: 10 20, 20 10.' at screen 0.02143, screen 0.03783 left font 'sans-serif,11.5' textcolor rgb quiet
    set lmargin at screen 0.11271
    set rmargin at screen 0.36562
    set tmargin at screen 0.82819
    set bmargin at screen 0.70673
    unset logscale x
    set xrange [-0.5:1.5]
    set xtics ('0' 0, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [1.5:-0.5]
    set ytics ('node 1' 1, 'node 0' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-two-sqwq.dat' index 0 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.40848
    set rmargin at screen 0.66138
    set tmargin at screen 0.82819
    set bmargin at screen 0.70673
    unset logscale x
    set xrange [-0.5:1.5]
    set xtics ('0' 0, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [1.5:-0.5]
    set ytics ('' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-two-sqwq.dat' index 1 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.70424
    set rmargin at screen 0.95714
    set tmargin at screen 0.82819
    set bmargin at screen 0.70673
    unset logscale x
    set xrange [-0.5:1.5]
    set xtics ('0' 0, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [1.5:-0.5]
    set ytics ('' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-two-sqwq.dat' index 2 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.11271
    set rmargin at screen 0.36562
    set tmargin at screen 0.58629
    set bmargin at screen 0.46483
    unset logscale x
    set xrange [-0.5:1.5]
    set xtics ('0' 0, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [1.5:-0.5]
    set ytics ('node 1' 1, 'node 0' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '9' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '55' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '26' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '38' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-two-sqwq.dat' index 3 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.40848
    set rmargin at screen 0.66138
    set tmargin at screen 0.58629
    set bmargin at screen 0.46483
    unset logscale x
    set xrange [-0.5:1.5]
    set xtics ('0' 0, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [1.5:-0.5]
    set ytics ('' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '0' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-two-sqwq.dat' index 4 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.70424
    set rmargin at screen 0.95714
    set tmargin at screen 0.58629
    set bmargin at screen 0.46483
    unset logscale x
    set xrange [-0.5:1.5]
    set xtics ('0' 0, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [1.5:-0.5]
    set ytics ('' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    plot 'numa-counts-two-sqwq.dat' index 5 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.11271
    set rmargin at screen 0.36562
    set tmargin at screen 0.34438
    set bmargin at screen 0.22293
    unset logscale x
    set xrange [-0.5:1.5]
    set xtics ('0' 0, '1' 1) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [1.5:-0.5]
    set ytics ('node 1' 1, 'node 0' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '0' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-two-sqwq.dat' index 6 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    unset multiplot
    unset output
}
