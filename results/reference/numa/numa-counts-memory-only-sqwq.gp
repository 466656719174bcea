# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws numa-counts-memory-only-sqwq.svg, .png and .pdf from numa-counts-memory-only-sqwq.dat: gnuplot numa-counts-memory-only-sqwq.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" numa-counts-memory-only-sqwq.gp
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
    if (kind eq 'svg') { set terminal svg noenhanced size 560,922 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,1844 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,12.8056 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'numa-counts-memory-only-sqwq'.(dark ? '-dark.' : '.').kind
    reset
    set multiplot
    set style line 1 linecolor rgb ink pointtype 6 dashtype 1 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'sqwq, topology memory-only (emulated: counts' at screen 0.02143, screen 0.97411 left font 'sans-serif,19' textcolor rgb ink
    set label 'only)' at screen 0.02143, screen 0.94835 left font 'sans-serif,19' textcolor rgb ink
    set label 'I/Os by the node that ran them, a panel a placement' at screen 0.02143, screen 0.92767 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'default' at screen 0.11271, screen 0.90103 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.31311, screen 0.74756 center font 'sans-serif,15' textcolor rgb ink
    set label 'local' at screen 0.55636, screen 0.90103 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.75675, screen 0.74756 center font 'sans-serif,15' textcolor rgb ink
    set label 'none' at screen 0.11271, screen 0.73888 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.31311, screen 0.58541 center font 'sans-serif,15' textcolor rgb ink
    set label 'interleave' at screen 0.55636, screen 0.73888 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.75675, screen 0.58541 center font 'sans-serif,15' textcolor rgb ink
    set label 'device' at screen 0.11271, screen 0.57674 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.31311, screen 0.42326 center font 'sans-serif,15' textcolor rgb ink
    set label 'node:0' at screen 0.55636, screen 0.57674 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.75675, screen 0.42326 center font 'sans-serif,15' textcolor rgb ink
    set label 'node:1' at screen 0.11271, screen 0.41459 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.31311, screen 0.26112 center font 'sans-serif,15' textcolor rgb ink
    set label 'node:2' at screen 0.55636, screen 0.41459 left font 'sans-serif,15' textcolor rgb ink
    set label '' at screen 0.75675, screen 0.26112 center font 'sans-serif,15' textcolor rgb ink
    set label 'node:3' at screen 0.11271, screen 0.25244 left font 'sans-serif,15' textcolor rgb ink
    set label 'ran on node' at screen 0.31311, screen 0.09897 center font 'sans-serif,15' textcolor rgb ink
    set label 'Rows: where the submitter runs. The darker, the greater the share of a row''s I/Os.' at screen 0.02143, screen 0.06799 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Linux 6.1.0-56-cloud-amd64, emulated by tcg. Node 0: CPUs 0,1, 384 MB; node 1:' at screen 0.02143, screen 0.05240 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'CPUs 2, 256 MB; node 2: CPUs 3, 0 MB; node 3: no CPUs, 256 MB. Distances: 10 20 28' at screen 0.02143, screen 0.03681 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '17, 20 10 28 25, 28 28 10 28, 17 25 28 10.' at screen 0.02143, screen 0.02122 left font 'sans-serif,11.5' textcolor rgb quiet
    set lmargin at screen 0.11271
    set rmargin at screen 0.51350
    set tmargin at screen 0.88219
    set bmargin at screen 0.78457
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('node 2' 2, 'node 1' 1, 'node 0' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-memory-only-sqwq.dat' index 0 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.55636
    set rmargin at screen 0.95714
    set tmargin at screen 0.88219
    set bmargin at screen 0.78457
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-memory-only-sqwq.dat' index 1 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.11271
    set rmargin at screen 0.51350
    set tmargin at screen 0.72004
    set bmargin at screen 0.62242
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('node 2' 2, 'node 1' 1, 'node 0' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-memory-only-sqwq.dat' index 2 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.55636
    set rmargin at screen 0.95714
    set tmargin at screen 0.72004
    set bmargin at screen 0.62242
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '15' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '29' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '20' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '31' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '15' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '18' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '15' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '32' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '17' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    plot 'numa-counts-memory-only-sqwq.dat' index 3 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.11271
    set rmargin at screen 0.51350
    set tmargin at screen 0.55789
    set bmargin at screen 0.46028
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('node 2' 2, 'node 1' 1, 'node 0' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    plot 'numa-counts-memory-only-sqwq.dat' index 4 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.55636
    set rmargin at screen 0.95714
    set tmargin at screen 0.55789
    set bmargin at screen 0.46028
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    plot 'numa-counts-memory-only-sqwq.dat' index 5 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.11271
    set rmargin at screen 0.51350
    set tmargin at screen 0.39574
    set bmargin at screen 0.29813
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('node 2' 2, 'node 1' 1, 'node 0' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '0' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    plot 'numa-counts-memory-only-sqwq.dat' index 6 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.55636
    set rmargin at screen 0.95714
    set tmargin at screen 0.39574
    set bmargin at screen 0.29813
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('' 2, '' 1, '' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '0' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    plot 'numa-counts-memory-only-sqwq.dat' index 7 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    set lmargin at screen 0.11271
    set rmargin at screen 0.51350
    set tmargin at screen 0.23360
    set bmargin at screen 0.13598
    unset logscale x
    set xrange [-0.5:2.5]
    set xtics ('0' 0, '1' 1, '2' 2) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [2.5:-0.5]
    set ytics ('node 2' 2, 'node 1' 1, 'node 0' 0) offset 0.4, 0 font 'sans-serif,12' textcolor rgb ink
    set label '64' at first 0, first 0 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 0 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 0, first 1 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 1 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '64' at first 0, first 2 center font 'sans-serif,15' textcolor rgb '#ffffff' front
    set label '0' at first 1, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    set label '0' at first 2, first 2 center font 'sans-serif,15' textcolor rgb '#000000' front
    plot 'numa-counts-memory-only-sqwq.dat' index 8 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):5 with boxxyerror linecolor rgb variable fillstyle solid 1 noborder
    unset label
    unset arrow
    unset multiplot
    unset output
}
