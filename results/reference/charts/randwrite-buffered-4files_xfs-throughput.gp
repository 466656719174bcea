# Drawn by scripts/plot of iowq
# SPDX-License-Identifier: MIT
# Draws randwrite-buffered-4files_xfs-throughput.svg, .png and .pdf from randwrite-buffered-4files_xfs-throughput.dat: gnuplot randwrite-buffered-4files_xfs-throughput.gp
# Only some, on a dark background: gnuplot -e "kinds='svg'; dark=1" randwrite-buffered-4files_xfs-throughput.gp
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
    if (kind eq 'svg') { set terminal svg noenhanced size 560,663 font 'sans-serif,15' background paper }
    if (kind eq 'png') { set terminal pngcairo noenhanced size 1120,1326 font 'sans-serif,15' fontscale 1.5 linewidth 2 pointscale 3.6 dashlength 0.6 background paper }
    if (kind eq 'pdf') { set terminal pdfcairo noenhanced size 7.7778,9.2083 font 'sans-serif,15' fontscale 0.75 linewidth 2 pointscale 1.8 background paper }
    set output 'randwrite-buffered-4files_xfs-throughput'.(dark ? '-dark.' : '.').kind
    reset
    set multiplot
    set style line 1 linecolor rgb c1 pointtype 7 dashtype 1 linewidth 1.6 pointsize 1
    set style line 2 linecolor rgb c2 pointtype 9 dashtype 1 linewidth 1.6 pointsize 1
    set style line 3 linecolor rgb c6 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 4 linecolor rgb c4 pointtype 13 dashtype 1 linewidth 1.6 pointsize 1
    set style line 5 linecolor rgb c7 pointtype 11 dashtype 1 linewidth 1.6 pointsize 1
    set style line 6 linecolor rgb c8 pointtype 5 dashtype 1 linewidth 1.6 pointsize 1
    set style line 7 linecolor rgb c4 pointtype 12 dashtype 2 linewidth 1.6 pointsize 1
    set style line 8 linecolor rgb c6 pointtype 4 dashtype 2 linewidth 1.6 pointsize 1
    set style line 9 linecolor rgb c1 pointtype 1 dashtype 3 linewidth 1.6 pointsize 1
    set style line 10 linecolor rgb c6 pointtype 3 dashtype 3 linewidth 1.6 pointsize 1
    set grid linecolor rgb grid linewidth 1 dashtype 1
    set border 3 linecolor rgb frame
    set tics nomirror scale 0.6
    unset key
    set label 'randwrite-buffered-4files, xfs' at screen 0.02143, screen 0.96399 left font 'sans-serif,19' textcolor rgb ink
    set label 'writes of 4096 bytes, buffered, page cache warm' at screen 0.02143, screen 0.93524 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'IOPS' at screen 0.02143, screen 0.89819 left font 'sans-serif,15' textcolor rgb ink
    set label 'depth (side by side)' at screen 0.53589, screen 0.32278 center font 'sans-serif,15' textcolor rgb ink
    set label 'Filled points: this project''s pool. Hollow: the kernel, same engine. Thin or crossed:' at screen 0.02143, screen 0.13754 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio''s engines.' at screen 0.02143, screen 0.11586 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'Medians of n = 5 runs of 1 s in shuffled blocks, seed 526033658; intervals: 93.75 %.' at screen 0.02143, screen 0.09417 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'fio-3.33, gnuplot 5.4, 6e051b55d6, Linux 6.18.44-fc-v595, 2 CPUs, xfs.' at screen 0.02143, screen 0.07249 left font 'sans-serif,11.5' textcolor rgb quiet
    set label '! outlier: inline, acall_pool' at screen 0.02143, screen 0.05081 left font 'sans-serif,11.5' textcolor rgb quiet
    set label 'No result: handoff, acall, uring_sqpoll, uring_defer, fio:io_uring, fio:libaio' at screen 0.02143, screen 0.02913 left font 'sans-serif,11.5' textcolor rgb quiet
    set arrow from screen 0.02143, screen 0.28537 to screen 0.08214, screen 0.28537 nohead linestyle 1
    set label '' at screen 0.05179, screen 0.28537 point linestyle 1 linewidth 1.3 pointsize 1
    set label 'inline !' at screen 0.09643, screen 0.28537 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.25694 to screen 0.08214, screen 0.25694 nohead linestyle 2
    set label '' at screen 0.05179, screen 0.25694 point linestyle 2 linewidth 1.3 pointsize 1
    set label 'sqthread' at screen 0.09643, screen 0.25694 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.22851 to screen 0.08214, screen 0.22851 nohead linestyle 3
    set label '' at screen 0.05179, screen 0.22851 point linestyle 3 linewidth 1.3 pointsize 1
    set label 'sqwq' at screen 0.09643, screen 0.22851 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.20008 to screen 0.08214, screen 0.20008 nohead linestyle 4
    set label '' at screen 0.05179, screen 0.20008 point linestyle 4 linewidth 1.3 pointsize 1
    set label 'punt' at screen 0.09643, screen 0.20008 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.02143, screen 0.17164 to screen 0.08214, screen 0.17164 nohead linestyle 5
    set label '' at screen 0.05179, screen 0.17164 point linestyle 5 linewidth 1.3 pointsize 1
    set label 'hashed' at screen 0.09643, screen 0.17164 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.28537 to screen 0.56071, screen 0.28537 nohead linestyle 6
    set label '' at screen 0.53036, screen 0.28537 point linestyle 6 linewidth 1.3 pointsize 1
    set label '' at screen 0.53036, screen 0.28537 point pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3
    set label 'acall_pool !' at screen 0.57500, screen 0.28537 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.25694 to screen 0.56071, screen 0.25694 nohead linestyle 7
    set label '' at screen 0.53036, screen 0.25694 point pointtype 13 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.25694 point linestyle 7 linewidth 1.3 pointsize 1
    set label 'uring' at screen 0.57500, screen 0.25694 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.22851 to screen 0.56071, screen 0.22851 nohead linestyle 8
    set label '' at screen 0.53036, screen 0.22851 point pointtype 5 pointsize 1 linecolor rgb paper
    set label '' at screen 0.53036, screen 0.22851 point linestyle 8 linewidth 1.3 pointsize 1
    set label 'uring_async' at screen 0.57500, screen 0.22851 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.20008 to screen 0.56071, screen 0.20008 nohead linestyle 9
    set label '' at screen 0.53036, screen 0.20008 point linestyle 9 linewidth 1.3 pointsize 1
    set label 'fio:psync' at screen 0.57500, screen 0.20008 left font 'sans-serif,13' textcolor rgb ink
    set arrow from screen 0.50000, screen 0.17164 to screen 0.56071, screen 0.17164 nohead linestyle 10
    set label '' at screen 0.53036, screen 0.17164 point linestyle 10 linewidth 1.3 pointsize 1
    set label 'fio:io_uring+force_async=1' at screen 0.57500, screen 0.17164 left font 'sans-serif,13' textcolor rgb ink
    set lmargin at screen 0.11464
    set rmargin at screen 0.95714
    set tmargin at screen 0.87198
    set bmargin at screen 0.37425
    set logscale x
    set xrange [26.682394:38.377367]
    set xtics ('32' 32) offset 0, 0.35 font 'sans-serif,15' textcolor rgb ink
    unset logscale y
    set yrange [0:506776.36]
    set ytics ('0' 0, '100 k' 100000, '200 k' 200000, '300 k' 300000, '400 k' 400000, '500 k' 500000) offset 0.4, 0 font 'sans-serif,15' textcolor rgb ink
    plot 'randwrite-buffered-4files_xfs-throughput.dat' index 0 using ($1*0.8948):2 with lines linestyle 1 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 1 using ($1*0.9172):2 with lines linestyle 2 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 2 using ($1*0.9401):2 with lines linestyle 3 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 3 using ($1*0.9636):2 with lines linestyle 4 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 4 using ($1*0.9877):2 with lines linestyle 5 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 5 using ($1*1.0124):2 with lines linestyle 6 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 6 using ($1*1.0377):2 with lines linestyle 7 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 7 using ($1*1.0637):2 with lines linestyle 8 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 8 using ($1*1.0903):2 with lines linestyle 9 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 9 using ($1*1.1175):2 with lines linestyle 10 linewidth 1.6, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 0 using ($1*0.8948):3:(0):($4-$3) with vectors nohead linestyle 1 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 1 using ($1*0.9172):3:(0):($4-$3) with vectors nohead linestyle 2 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 2 using ($1*0.9401):3:(0):($4-$3) with vectors nohead linestyle 3 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 3 using ($1*0.9636):3:(0):($4-$3) with vectors nohead linestyle 4 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 4 using ($1*0.9877):3:(0):($4-$3) with vectors nohead linestyle 5 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 5 using ($1*1.0124):3:(0):($4-$3) with vectors nohead linestyle 6 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 6 using ($1*1.0377):3:(0):($4-$3) with vectors nohead linestyle 7 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 7 using ($1*1.0637):3:(0):($4-$3) with vectors nohead linestyle 8 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 8 using ($1*1.0903):3:(0):($4-$3) with vectors nohead linestyle 9 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 9 using ($1*1.1175):3:(0):($4-$3) with vectors nohead linestyle 10 dashtype 1 linewidth 1.5, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 0 using ($1*0.8948):2 with points linestyle 1 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 1 using ($1*0.9172):2 with points linestyle 2 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 2 using ($1*0.9401):2 with points linestyle 3 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 3 using ($1*0.9636):2 with points linestyle 4 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 4 using ($1*0.9877):2 with points linestyle 5 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 5 using ($1*1.0124):2 with points linestyle 6 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 5 using ($1*1.0124):2 with points pointtype 5 pointsize 0.4 linecolor rgb paper linewidth 1.3, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 6 using ($1*1.0377):2 with points pointtype 13 pointsize 1 linecolor rgb paper, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 6 using ($1*1.0377):2 with points linestyle 7 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 7 using ($1*1.0637):2 with points pointtype 5 pointsize 1 linecolor rgb paper, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 7 using ($1*1.0637):2 with points linestyle 8 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 8 using ($1*1.0903):2 with points linestyle 9 linewidth 1.3 pointsize 1, \
        'randwrite-buffered-4files_xfs-throughput.dat' index 9 using ($1*1.1175):2 with points linestyle 10 linewidth 1.3 pointsize 1
    unset label
    unset arrow
    unset multiplot
    unset output
}
