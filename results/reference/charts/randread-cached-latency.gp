# SPDX-License-Identifier: MIT
# Draws randread-cached-latency.svg and randread-cached-latency.png from randread-cached-latency.dat: gnuplot randread-cached-latency.gp
set encoding utf8
do for [kind in 'svg png'] {
    if (kind eq 'svg') {
        set terminal svg noenhanced size 760,968 font 'sans,14' background '#ffffff'
    } else {
        set terminal pngcairo noenhanced size 1520,1936 font 'sans,14' fontscale 2 linewidth 2 pointscale 2 background '#ffffff'
    }
    set output 'randread-cached-latency.'.kind
    reset
    set colorsequence podo
    set errorbars small linewidth 1 dashtype 1
    set style line 1 linetype 1 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1.0
    set style line 2 linetype 2 pointtype 9 dashtype 1 linewidth 1.6 pointsize 1.0
    set style line 3 linetype 6 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1.0
    set style line 4 linetype 4 pointtype 13 dashtype 1 linewidth 1.6 pointsize 1.0
    set style line 5 linetype 7 pointtype 11 dashtype 1 linewidth 1.6 pointsize 1.0
    set style line 6 linetype 4 pointtype 12 dashtype 2 linewidth 1.6 pointsize 1.0
    set style line 7 linetype 6 pointtype 4 dashtype 2 linewidth 1.6 pointsize 1.0
    set style line 8 linetype 2 pointtype 8 dashtype 2 linewidth 1.6 pointsize 1.0
    set style line 9 linetype 1 pointtype 1 dashtype 3 linewidth 1.6 pointsize 1.0
    set style line 10 linetype 4 pointtype 2 dashtype 3 linewidth 1.6 pointsize 1.0
    set style line 11 linetype 6 pointtype 3 dashtype 3 linewidth 1.6 pointsize 1.0
    set style line 12 linetype 8 pointtype 2 dashtype 3 linewidth 1.6 pointsize 1.0
    set multiplot
    set grid linecolor rgb '#e4e4e4' linewidth 1 dashtype 1
    set border 3 linecolor rgb '#606060'
    set tics nomirror
    unset key
    top0 = 0.9029
    bottom0 = 0.6508
    top1 = 0.5620
    bottom1 = 0.3099
    set label 1 'randread-cached' at screen 0.02, screen 0.9793 left font 'sans,18'
    set label 2 'reads of 4096 bytes, buffered, page cache warm' at screen 0.02, screen 0.9545 left font 'sans,11' textcolor rgb '#505050'
    set label 10 'fio-3.33, gnuplot 5.4, Linux 6.18.44-fc-v445, ba5ffc9894, 2 CPUs, ext4.' at screen 0.02, screen 0.0124 left font 'sans,11' textcolor rgb '#505050'
    set label 11 'Median of n = 5 runs of 1 s in shuffled blocks, seed 1512198880.' at screen 0.02, screen 0.0300 left font 'sans,11' textcolor rgb '#505050'
    set label 12 'Latency: total, percentiles of the json+ bins of all runs merged.' at screen 0.02, screen 0.0475 left font 'sans,11' textcolor rgb '#505050'
    set label 13 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin: fio''s engines.' at screen 0.02, screen 0.0651 left font 'sans,11' textcolor rgb '#505050'
    set arrow from screen 0.0200, screen 0.2242 to screen 0.0800, screen 0.2242 nohead linestyle 1
    set label 100 '' at screen 0.0500, screen 0.2242 point linestyle 1
    set label 101 'inline' at screen 0.0900, screen 0.2242 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.2014 to screen 0.0800, screen 0.2014 nohead linestyle 2
    set label 102 '' at screen 0.0500, screen 0.2014 point linestyle 2
    set label 103 'sqthread' at screen 0.0900, screen 0.2014 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.1787 to screen 0.0800, screen 0.1787 nohead linestyle 3
    set label 104 '' at screen 0.0500, screen 0.1787 point linestyle 3
    set label 105 'sqwq' at screen 0.0900, screen 0.1787 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.1560 to screen 0.0800, screen 0.1560 nohead linestyle 4
    set label 106 '' at screen 0.0500, screen 0.1560 point linestyle 4
    set label 107 'punt' at screen 0.0900, screen 0.1560 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.1333 to screen 0.0800, screen 0.1333 nohead linestyle 5
    set label 108 '' at screen 0.0500, screen 0.1333 point linestyle 5
    set label 109 'hashed' at screen 0.0900, screen 0.1333 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.1105 to screen 0.0800, screen 0.1105 nohead linestyle 6
    set label 110 '' at screen 0.0500, screen 0.1105 point linestyle 6
    set label 111 'uring' at screen 0.0900, screen 0.1105 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.2242 to screen 0.5600, screen 0.2242 nohead linestyle 7
    set label 112 '' at screen 0.5300, screen 0.2242 point linestyle 7
    set label 113 'uring_async' at screen 0.5700, screen 0.2242 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.2014 to screen 0.5600, screen 0.2014 nohead linestyle 8
    set label 114 '' at screen 0.5300, screen 0.2014 point linestyle 8
    set label 115 'uring_sqpoll' at screen 0.5700, screen 0.2014 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.1787 to screen 0.5600, screen 0.1787 nohead linestyle 9
    set label 116 '' at screen 0.5300, screen 0.1787 point linestyle 9
    set label 117 'fio:psync' at screen 0.5700, screen 0.1787 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.1560 to screen 0.5600, screen 0.1560 nohead linestyle 10
    set label 118 '' at screen 0.5300, screen 0.1560 point linestyle 10
    set label 119 'fio:io_uring' at screen 0.5700, screen 0.1560 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.1333 to screen 0.5600, screen 0.1333 nohead linestyle 11
    set label 120 '' at screen 0.5300, screen 0.1333 point linestyle 11
    set label 121 'fio:io_uring+force_async=1' at screen 0.5700, screen 0.1333 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.1105 to screen 0.5600, screen 0.1105 nohead linestyle 12
    set label 122 '' at screen 0.5300, screen 0.1105 point linestyle 12
    set label 123 'fio:libaio' at screen 0.5700, screen 0.1105 left font 'sans,12'
    unset logscale x
    set xrange [0:1.174e+06]
    set format x '%.0s %c'
    set lmargin at screen 0.11; set rmargin at screen 0.97
    set tmargin at screen top0; set bmargin at screen bottom0
    set label 3 'p50 latency' at graph 0, graph 1 left offset char -6, 0.8
    set logscale y
    set yrange [739.2:6.496e+04]
    set ytics ('1 µs' 1000, '2 µs' 2000, '5 µs' 5000, '10 µs' 1e+04, '20 µs' 2e+04, '50 µs' 5e+04)
    set xlabel ''
    plot 'randread-cached-latency.dat' index 0 using 3:5 with linespoints linestyle 1 notitle, 'randread-cached-latency.dat' index 1 using 3:5 with linespoints linestyle 2 notitle, 'randread-cached-latency.dat' index 2 using 3:5 with linespoints linestyle 3 notitle, 'randread-cached-latency.dat' index 3 using 3:5 with linespoints linestyle 4 notitle, 'randread-cached-latency.dat' index 4 using 3:5 with linespoints linestyle 5 notitle, 'randread-cached-latency.dat' index 5 using 3:5 with linespoints linestyle 6 notitle, 'randread-cached-latency.dat' index 6 using 3:5 with linespoints linestyle 7 notitle, 'randread-cached-latency.dat' index 7 using 3:5 with linespoints linestyle 8 notitle, 'randread-cached-latency.dat' index 8 using 3:5 with linespoints linestyle 9 notitle, 'randread-cached-latency.dat' index 9 using 3:5 with linespoints linestyle 10 notitle, 'randread-cached-latency.dat' index 10 using 3:5 with linespoints linestyle 11 notitle, 'randread-cached-latency.dat' index 11 using 3:5 with linespoints linestyle 12 notitle
    unset label
    unset arrow
    set lmargin at screen 0.11; set rmargin at screen 0.97
    set tmargin at screen top1; set bmargin at screen bottom1
    set label 3 'p99 latency' at graph 0, graph 1 left offset char -6, 0.8
    set logscale y
    set yrange [1235:1.984e+05]
    set ytics ('2 µs' 2000, '5 µs' 5000, '10 µs' 1e+04, '20 µs' 2e+04, '50 µs' 5e+04, '100 µs' 1e+05)
    set xlabel 'IOPS (points along a line: depth 1, 8, 32)'
    plot 'randread-cached-latency.dat' index 0 using 3:6 with linespoints linestyle 1 notitle, 'randread-cached-latency.dat' index 1 using 3:6 with linespoints linestyle 2 notitle, 'randread-cached-latency.dat' index 2 using 3:6 with linespoints linestyle 3 notitle, 'randread-cached-latency.dat' index 3 using 3:6 with linespoints linestyle 4 notitle, 'randread-cached-latency.dat' index 4 using 3:6 with linespoints linestyle 5 notitle, 'randread-cached-latency.dat' index 5 using 3:6 with linespoints linestyle 6 notitle, 'randread-cached-latency.dat' index 6 using 3:6 with linespoints linestyle 7 notitle, 'randread-cached-latency.dat' index 7 using 3:6 with linespoints linestyle 8 notitle, 'randread-cached-latency.dat' index 8 using 3:6 with linespoints linestyle 9 notitle, 'randread-cached-latency.dat' index 9 using 3:6 with linespoints linestyle 10 notitle, 'randread-cached-latency.dat' index 10 using 3:6 with linespoints linestyle 11 notitle, 'randread-cached-latency.dat' index 11 using 3:6 with linespoints linestyle 12 notitle
    unset label
    unset arrow
    unset multiplot
    unset output
}
