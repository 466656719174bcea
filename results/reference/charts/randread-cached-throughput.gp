# SPDX-License-Identifier: MIT
# Draws randread-cached-throughput.svg and randread-cached-throughput.png from randread-cached-throughput.dat: gnuplot randread-cached-throughput.gp
set encoding utf8
do for [kind in 'svg png'] {
    if (kind eq 'svg') {
        set terminal svg noenhanced size 760,621 font 'sans,14' background '#ffffff'
    } else {
        set terminal pngcairo noenhanced size 1520,1242 font 'sans,14' fontscale 2 linewidth 2 pointscale 2 background '#ffffff'
    }
    set output 'randread-cached-throughput.'.kind
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
    top0 = 0.8486
    bottom0 = 0.4557
    set label 1 'randread-cached' at screen 0.02, screen 0.9678 left font 'sans,18'
    set label 2 'reads of 4096 bytes, buffered, page cache warm' at screen 0.02, screen 0.9291 left font 'sans,11' textcolor rgb '#505050'
    set label 10 'fio-3.33, gnuplot 5.4, Linux 6.18.44-fc-v445, ba5ffc9894, 2 CPUs, ext4.' at screen 0.02, screen 0.0193 left font 'sans,11' textcolor rgb '#505050'
    set label 11 'Median of n = 5 runs of 1 s in shuffled blocks, seed 1512198880; bars: its 93.75 % interval.' at screen 0.02, screen 0.0467 left font 'sans,11' textcolor rgb '#505050'
    set label 12 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin: fio''s engines.' at screen 0.02, screen 0.0741 left font 'sans,11' textcolor rgb '#505050'
    set arrow from screen 0.0200, screen 0.3221 to screen 0.0800, screen 0.3221 nohead linestyle 1
    set label 100 '' at screen 0.0500, screen 0.3221 point linestyle 1
    set label 101 'inline' at screen 0.0900, screen 0.3221 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.2866 to screen 0.0800, screen 0.2866 nohead linestyle 2
    set label 102 '' at screen 0.0500, screen 0.2866 point linestyle 2
    set label 103 'sqthread' at screen 0.0900, screen 0.2866 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.2512 to screen 0.0800, screen 0.2512 nohead linestyle 3
    set label 104 '' at screen 0.0500, screen 0.2512 point linestyle 3
    set label 105 'sqwq' at screen 0.0900, screen 0.2512 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.2158 to screen 0.0800, screen 0.2158 nohead linestyle 4
    set label 106 '' at screen 0.0500, screen 0.2158 point linestyle 4
    set label 107 'punt' at screen 0.0900, screen 0.2158 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.1804 to screen 0.0800, screen 0.1804 nohead linestyle 5
    set label 108 '' at screen 0.0500, screen 0.1804 point linestyle 5
    set label 109 'hashed' at screen 0.0900, screen 0.1804 left font 'sans,12'
    set arrow from screen 0.0200, screen 0.1449 to screen 0.0800, screen 0.1449 nohead linestyle 6
    set label 110 '' at screen 0.0500, screen 0.1449 point linestyle 6
    set label 111 'uring' at screen 0.0900, screen 0.1449 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.3221 to screen 0.5600, screen 0.3221 nohead linestyle 7
    set label 112 '' at screen 0.5300, screen 0.3221 point linestyle 7
    set label 113 'uring_async' at screen 0.5700, screen 0.3221 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.2866 to screen 0.5600, screen 0.2866 nohead linestyle 8
    set label 114 '' at screen 0.5300, screen 0.2866 point linestyle 8
    set label 115 'uring_sqpoll' at screen 0.5700, screen 0.2866 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.2512 to screen 0.5600, screen 0.2512 nohead linestyle 9
    set label 116 '' at screen 0.5300, screen 0.2512 point linestyle 9
    set label 117 'fio:psync' at screen 0.5700, screen 0.2512 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.2158 to screen 0.5600, screen 0.2158 nohead linestyle 10
    set label 118 '' at screen 0.5300, screen 0.2158 point linestyle 10
    set label 119 'fio:io_uring' at screen 0.5700, screen 0.2158 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.1804 to screen 0.5600, screen 0.1804 nohead linestyle 11
    set label 120 '' at screen 0.5300, screen 0.1804 point linestyle 11
    set label 121 'fio:io_uring+force_async=1' at screen 0.5700, screen 0.1804 left font 'sans,12'
    set arrow from screen 0.5000, screen 0.1449 to screen 0.5600, screen 0.1449 nohead linestyle 12
    set label 122 '' at screen 0.5300, screen 0.1449 point linestyle 12
    set label 123 'fio:libaio' at screen 0.5700, screen 0.1449 left font 'sans,12'
    set lmargin at screen 0.11; set rmargin at screen 0.97
    set tmargin at screen top0; set bmargin at screen bottom0
    set label 3 'IOPS' at graph 0, graph 1 left offset char -6, 0.8
    set logscale x 2
    set xtics (1, 8, 32)
    set xrange [0.7692:41.6]
    unset logscale y
    set yrange [0:1.174e+06]
    set format y '%.0s %c'
    set xlabel 'depth (modes side by side)'
    plot 'randread-cached-throughput.dat' index 0 using ($1*0.8968):3:2:4 with yerrorlines linestyle 1 notitle, 'randread-cached-throughput.dat' index 1 using ($1*0.9147):3:2:4 with yerrorlines linestyle 2 notitle, 'randread-cached-throughput.dat' index 2 using ($1*0.9330):3:2:4 with yerrorlines linestyle 3 notitle, 'randread-cached-throughput.dat' index 3 using ($1*0.9517):3:2:4 with yerrorlines linestyle 4 notitle, 'randread-cached-throughput.dat' index 4 using ($1*0.9707):3:2:4 with yerrorlines linestyle 5 notitle, 'randread-cached-throughput.dat' index 5 using ($1*0.9901):3:2:4 with yerrorlines linestyle 6 notitle, 'randread-cached-throughput.dat' index 6 using ($1*1.0100):3:2:4 with yerrorlines linestyle 7 notitle, 'randread-cached-throughput.dat' index 7 using ($1*1.0301):3:2:4 with yerrorlines linestyle 8 notitle, 'randread-cached-throughput.dat' index 8 using ($1*1.0508):3:2:4 with yerrorlines linestyle 9 notitle, 'randread-cached-throughput.dat' index 9 using ($1*1.0718):3:2:4 with yerrorlines linestyle 10 notitle, 'randread-cached-throughput.dat' index 10 using ($1*1.0932):3:2:4 with yerrorlines linestyle 11 notitle, 'randread-cached-throughput.dat' index 11 using ($1*1.1151):3:2:4 with yerrorlines linestyle 12 notitle
    unset multiplot
    unset output
}
